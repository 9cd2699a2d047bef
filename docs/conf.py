"""Configuration of the documentation, built by `make docs`. Building needs no network."""

from importlib.metadata import version as installed_version

project = "anisoap_opt"
author = "The anisoap_opt developers"
copyright = author
release = version = installed_version("anisoap_opt")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
    "sphinx_design",
    "sphinx-mathjax-offline",  # MathJax and its fonts lie in _static: no page asks a network for anything
]
exclude_patterns = ["_build"]

sphinx_gallery_conf = {
    "examples_dirs": "../examples/gallery",
    "gallery_dirs": "gallery",
    "filename_pattern": "/plot_",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "image_srcset": ["2x"],
    "remove_config_comments": True,
    "run_stale_examples": True,  # what they print depends on the package too
    "show_signature": False,
    "write_computation_times": False,
}

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings give types, with shapes and units
autosummary_generate = True
napoleon_google_docstring = False
napoleon_use_rtype = False

# Without intersphinx, which would need the network, only our own names can resolve, and the type fields of
# NumPy docstrings ("array of float, shape (pairs, 3)") are prose. References to anisoap_opt stay strict.
nitpick_ignore_regex = [(r"py:(class|data|obj|exc|mod|func|meth|attr)", r"(?!anisoap_opt\b).*")]
# A word of such a field, "shape [types]", may be the name of two classes' attributes.
suppress_warnings = ["ref.python"]

html_theme = "furo"
html_title = "anisoap_opt"
html_favicon = "icon.svg"
html_copy_source = False


def _skip_fields_of_tuples(app, what, name, obj, skip, options):
    """The docstring of a NamedTuple describes its fields; autodoc would list each a second time."""
    return True if type(obj).__name__ == "_tuplegetter" else None


def setup(app):
    app.connect("autodoc-skip-member", _skip_fields_of_tuples)
