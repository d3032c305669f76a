"""Writes, as JSON: a SAM template after the transform that AWS makes of it, the templates nested in it, and samconfig.toml.

    python translate.py FOLDER-OF-THE-WORKSPACE FOLDER-TO-WRITE-TO

Nobody is called: AWS's own translator does it here, as AWS CloudFormation does it there.
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
    """Every function has a role of its own, so no managed policy has to be known."""

    def load(self):
        return {}


def template(path):
    return yaml_parse(Path(path).read_text(encoding="utf-8"))


def write(path, value):
    text = json.dumps(value, indent=1, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


workspace, folder = (Path(argument) for argument in sys.argv[1:])
# The transform looks at the Region's partition.
os.environ.setdefault("AWS_DEFAULT_REGION", "ap-northeast-1")

source = template(workspace / "template.yaml")
# Another transform would be a macro of somebody's, which could make anything of the template, and
# isn't seen afterwards.
if source["Transform"] != "AWS::Serverless-2016-10-31":
    sys.exit(f"template.yaml: no transform but SAM's: {source['Transform']}")
# What `sam package` puts there; the transform takes no local folder.
source["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
write(folder / "template.json", transform(source, {}, NoManagedPolicies()))
for nested in sorted((workspace / "infra").glob("*.yaml")):
    write(folder / (nested.stem + ".json"), template(nested))
    # Where the translation looks for it.
    (folder / "infra").mkdir(exist_ok=True)
    shutil.copy(nested, folder / "infra")
config = tomlkit.parse((workspace / "samconfig.toml").read_text(encoding="utf-8"))
write(folder / "samconfig.json", config.unwrap())
