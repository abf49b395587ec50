#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""validate.py SCHEMAS DOCUMENT...: each DOCUMENT is a file NUMBER.COMMAND with
one or more JSON documents, to be as SCHEMAS/COMMAND.json says."""

import json
import pathlib
import sys

import jsonschema


def documents(text):
    """The JSON documents that follow each other in @text."""
    decoder = json.JSONDecoder()
    text = text.lstrip()
    while text:
        document, end = decoder.raw_decode(text)
        yield document
        text = text[end:].lstrip()


def main():
    schemas = {path.name: json.loads(path.read_text())
               for path in pathlib.Path(sys.argv[1]).glob("*.json")}
    bad = False
    for path in map(pathlib.Path, sys.argv[2:]):
        schema = schemas.get(path.suffix[1:] + ".json")
        if schema is None:
            print(f"there is no schema for the command {path.suffix[1:]}")
            bad = True
            continue
        jsonschema.Draft7Validator.check_schema(schema)
        resolver = jsonschema.RefResolver(schema["$id"], schema, store=schemas)
        validator = jsonschema.Draft7Validator(schema, resolver=resolver)
        try:
            for document in documents(path.read_text()):
                for error in validator.iter_errors(document):
                    where = "/".join(map(str, error.absolute_path))
                    print(f"{path.name}: {where}: {error.message}")
                    bad = True
        except json.JSONDecodeError as error:
            print(f"{path.name}: no JSON: {error}")
            bad = True
    return bad


sys.exit(main())
