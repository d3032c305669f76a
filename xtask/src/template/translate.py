"""Writes as JSON: template.yaml after the SAM transform, the templates of infra/, samconfig.toml.

    python translate.py FOLDER-OF-THE-WORKSPACE FOLDER-TO-WRITE-TO

The translator is AWS's own, which AWS CloudFormation uses too. It runs here and calls no API.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import tomlkit
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """A loader of managed policies that knows none: every function has a role of its own."""

    def load(self):
        return {}


def template(path):
    return yaml_parse(Path(path).read_text(encoding="utf-8"))


def write(path, value):
    text = json.dumps(value, indent=1, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


workspace, folder = (Path(argument) for argument in sys.argv[1:])
# The transform derives the partition from the Region.
os.environ.setdefault("AWS_DEFAULT_REGION", "ap-northeast-1")

source = template(workspace / "template.yaml")
# Another transform would be a macro, which could change the template in any way, and the written
# JSON wouldn't show it.
if source["Transform"] != "AWS::Serverless-2016-10-31":
    sys.exit(f"template.yaml: no transform but SAM's: {source['Transform']}")
# The form of URI that `sam package` sets. The transform accepts no local folder.
source["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
write(folder / "template.json", transform(source, {}, NoManagedPolicies()))
for nested in sorted((workspace / "infra").glob("*.yaml")):
    write(folder / (nested.stem + ".json"), template(nested))
    # The translated template refers to the nested template by this path.
    (folder / "infra").mkdir(exist_ok=True)
    shutil.copy(nested, folder / "infra")
config = tomlkit.parse((workspace / "samconfig.toml").read_text(encoding="utf-8"))
write(folder / "samconfig.json", config.unwrap())
