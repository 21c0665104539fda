"""Writes the small JPEG files of tests/golden/exif and, beside each, the pixels that Pillow reads from it (PPM).

Run from any folder: python tests/golden/make_exif.py. Made with Pillow 12.1.0.
"""

import io
import pathlib
import struct

from PIL import Image, ImageOps

FOLDER = pathlib.Path(__file__).parent / "exif"
WIDTH, HEIGHT = 11, 6  # neither square nor even, so that every turn and mirror differs


def picture():
    """Smooth in each channel, and without any symmetry."""
    image = Image.new("RGB", (WIDTH, HEIGHT))
    image.putdata([(20 * x, 40 * y, 255 - 11 * x - 17 * y) for y in range(HEIGHT) for x in range(WIDTH)])
    return image


def exif(orientation, order, kind=3, entries_before=0):
    """An Exif segment with one orientation tag; order is '<' (II) or '>' (MM)."""
    tiff = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    tiff += struct.pack(order + "H", 1 + entries_before)
    for i in range(entries_before):
        tiff += struct.pack(order + "HHII", 0x0100 + i, 4, 1, 7)
    value = struct.pack(order + "HH", orientation, 0) if kind == 3 else struct.pack(order + "I", orientation)
    return b"Exif\0\0" + tiff + struct.pack(order + "HHI", 0x0112, kind, 1) + value + bytes(4)


def save(name, image, **options):
    content = io.BytesIO()
    image.save(content, "JPEG", quality=90, optimize=True, **options)
    (FOLDER / f"{name}.jpg").write_bytes(content.getvalue())
    read = ImageOps.exif_transpose(Image.open(io.BytesIO(content.getvalue())))
    read.convert("RGB").save(FOLDER / f"{name}.ppm")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for orientation in range(1, 9):
        # Both byte orders, with and without entries in front of the tag.
        order = "<" if orientation % 2 else ">"
        save(f"orientation-{orientation}", picture(), exif=exif(orientation, order, entries_before=orientation % 3))
    save("orientation-6-little", picture(), exif=exif(6, "<"))
    save("orientation-9", picture(), exif=exif(9, ">"))
    save("grey", picture().convert("L"))
    save("cmyk", picture().convert("CMYK"))
    save("progressive", picture(), progressive=True)
