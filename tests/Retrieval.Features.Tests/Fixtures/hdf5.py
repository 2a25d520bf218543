"""Writes the files of this folder that begin with h5py, as the library that most people use writes them: python3 hdf5.py, with h5py 3.7."""
import zlib

import h5py
import numpy as np

images, regions, width = 7, 3, 5
values = np.arange(images * regions * width, dtype="<f4").reshape(images, regions, width)
boxes = np.arange(images * regions * 4, dtype="<f4").reshape(images, regions, 4)
names = [f"bild-{row}.jpg" for row in range(images - 1)] + ["größe.jpg"]
ELSEWHERE = "/" + "x" * 199  # The tests put a path of this length in its place.


def write(file):
    file.create_dataset("features", data=values, chunks=(3, 2, 2), compression="gzip", shuffle=True, fletcher32=True)
    file.create_dataset("boxes", data=boxes, maxshape=(None, regions, 4), chunks=(1, regions, 4))
    file["ids"] = np.array(names, dtype=h5py.string_dtype())
    file["num_boxes"] = np.array([3, 3, 2, 3, 1, 3, 3], dtype="<i4")
    file["image_w"], file["image_h"] = np.full(images, 640, "<u2"), np.full((images, 1), 480.0, "<f8")


with h5py.File("h5py-latest.h5", "w", libver="latest") as file:
    write(file)

with h5py.File("h5py.h5", "w") as file:
    write(file)

# With a block of the user's own before the signature, as MATLAB writes them.
with h5py.File("h5py-block.h5", "w", userblock_size=512) as file:
    write(file)

with h5py.File("h5py-odd.h5", "w") as file:
    file["features"] = values
    file["half"] = values.astype("<f2")
    file["double"] = values.astype("<f8")
    file["big"] = values.astype(">f4")
    file["whole"] = values.astype("<i4")
    file["flat"] = values.reshape(-1)
    file["fixed"] = np.array([name.encode() for name in names])
    file["numbers"] = np.arange(images, dtype="<u8") + 391895
    file["latin"] = np.array(["é".encode("latin-1")] * images)
    file.create_dataset("lzf", data=values, compression="lzf")
    file.create_dataset("scaled", data=values + np.float32(0.25), scaleoffset=2)
    file.create_dataset("scaled-ids", data=np.arange(images) + 391895, scaleoffset=0)
    file.create_dataset("unwritten", values.shape, "<f4", chunks=(1, regions, width))
    layout = h5py.VirtualLayout(values.shape, "<f4")
    layout[:] = h5py.VirtualSource("h5py-latest.h5", "features", values.shape)
    file.create_virtual_dataset("virtual", layout)
    file["link"] = h5py.ExternalLink(ELSEWHERE, "/features")
    file["soft"] = h5py.SoftLink("/features")
    file["circle"] = h5py.SoftLink("/circle")
    file.create_dataset("outside", values.shape, "<f4", external=[(ELSEWHERE, 0, values.nbytes)])
    bomb = file.create_dataset("bomb", values.shape, "<f4", chunks=values.shape, compression="gzip")
    bomb.id.write_direct_chunk((0, 0, 0), zlib.compress(bytes(10_000_000), 9))

# Files to be damaged at random: the smaller they are, the more often damage hits what matters.
for name, libver in (("h5py-small.h5", "earliest"), ("h5py-small-latest.h5", "latest")):
    with h5py.File(name, "w", libver=libver) as file:
        file.create_dataset("features", data=np.ones((4, 2, 3), "<f4"), chunks=(1, 2, 3), maxshape=(None, 2, 3), compression="gzip")
        file["ids"] = np.array(["a", "b", "c", "d"], dtype=h5py.string_dtype())
