"""What may pass into a part, key by key (ISO 32000-1). A key that is not here is not written.

Each table maps a dictionary key to what its value is read as: `plain` is numbers, names, strings, booleans and arrays
of them; a table's own name is a nested dictionary or stream of that table; the other words have a reader of their own
in `app/documents/pdf/resources.py`.
"""

from collections.abc import Mapping

Table = Mapping[str, str]


def _plain(*keys: str) -> dict[str, str]:
    return {f"/{key}": "plain" for key in keys}


TABLES: Mapping[str, Table] = {
    "data": {},
    "decode_parameters": {
        **_plain("Predictor", "Colors", "BitsPerComponent", "Columns", "EarlyChange", "K", "EndOfLine"),
        **_plain(
            "EncodedByteAlign", "Rows", "EndOfBlock", "BlackIs1", "DamagedRowsBeforeError", "ColorTransform"
        ),
        "/JBIG2Globals": "data",
    },
    "font_table": {
        **_plain("Type", "Subtype", "BaseFont", "FirstChar", "LastChar", "Widths", "DW", "W", "DW2", "W2"),
        "/FontDescriptor": "font_descriptor",
        "/Encoding": "encoding",
        "/ToUnicode": "character_map",
        "/DescendantFonts": "fonts",
        "/CIDSystemInfo": "character_collection",
        "/CIDToGIDMap": "name_or_data",
    },
    "font_descriptor": {
        **_plain(
            "Type", "FontName", "FontFamily", "FontStretch", "FontWeight", "Flags", "FontBBox", "ItalicAngle"
        ),
        **_plain(
            "Ascent", "Descent", "Leading", "CapHeight", "XHeight", "StemV", "StemH", "AvgWidth", "MaxWidth"
        ),
        **_plain("MissingWidth", "CharSet"),
        "/FontFile": "font_file",
        "/FontFile2": "font_file",
        "/FontFile3": "font_file",
        "/CIDSet": "data",
    },
    "font_file": _plain("Length1", "Length2", "Length3", "Subtype"),
    "encoding_table": _plain("Type", "BaseEncoding", "Differences"),
    "character_map_table": {
        **_plain("Type", "CMapName", "WMode"),
        "/CIDSystemInfo": "character_collection",
        "/UseCMap": "character_map",
    },
    "character_collection": _plain("Registry", "Ordering", "Supplement"),
    "group": {**_plain("Type", "S", "I", "K"), "/CS": "color_space"},
    "graphics_state": {
        **_plain(
            "Type",
            "LW",
            "LC",
            "LJ",
            "ML",
            "D",
            "RI",
            "OP",
            "op",
            "OPM",
            "FL",
            "SM",
            "SA",
            "BM",
            "CA",
            "ca",
            "AIS",
        ),
        **_plain("TK"),
        "/Font": "font_and_size",
        "/SMask": "soft_mask",
        "/BG": "function",
        "/BG2": "function",
        "/UCR": "function",
        "/UCR2": "function",
        "/TR": "function",
        "/TR2": "function",
    },
    "soft_mask_table": {**_plain("Type", "S", "BC"), "/G": "form", "/TR": "function"},
    "image": {
        **_plain("Type", "Subtype", "Width", "Height", "BitsPerComponent", "Intent", "ImageMask", "Decode"),
        **_plain("Interpolate", "SMaskInData", "Matte"),
        "/ColorSpace": "color_space",
        "/Mask": "mask",
        "/SMask": "image",
    },
    "form_table": {**_plain("Type", "Subtype", "FormType", "BBox", "Matrix"), "/Group": "group"},
    "tiling": _plain("Type", "PatternType", "PaintType", "TilingType", "BBox", "XStep", "YStep", "Matrix"),
    "shading_pattern": {
        **_plain("Type", "PatternType", "Matrix"),
        "/Shading": "shading",
        "/ExtGState": "graphics_state",
    },
    "shading": {
        **_plain("ShadingType", "Background", "BBox", "AntiAlias", "Coords", "Domain", "Matrix", "Extend"),
        **_plain("BitsPerCoordinate", "BitsPerComponent", "BitsPerFlag", "Decode", "VerticesPerRow"),
        "/ColorSpace": "color_space",
        "/Function": "function",
    },
    "function_table": {
        **_plain("FunctionType", "Domain", "Range", "Size", "BitsPerSample", "Order", "Encode", "Decode"),
        **_plain("C0", "C1", "N", "Bounds"),
        "/Functions": "function",
    },
    "calibrated": _plain("WhitePoint", "BlackPoint", "Gamma", "Matrix", "Range"),
    "profile": {**_plain("N", "Range"), "/Alternate": "color_space"},
    "type3_font": _plain("Type", "Subtype", "FontBBox", "FontMatrix", "FirstChar", "LastChar", "Widths"),
}

PAGE_KEYS = ("/MediaBox", "/CropBox", "/Rotate", "/UserUnit")
"""The page's own plain keys that pass; Group, Resources and Contents are written by the page writer."""

INHERITABLE = frozenset({"/MediaBox", "/CropBox", "/Rotate", "/Resources"})
"""Page keys that may stand on a parent instead (ISO 32000-1, table 30)."""
