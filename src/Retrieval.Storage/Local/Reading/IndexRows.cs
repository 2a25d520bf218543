using System.Runtime.InteropServices;
using System.Text;
using Retrieval.Domain.Numbers;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Reading;

/// <summary>Reads the rows of an index's mapped files. A row refers to rows of other files by numbers, which are checked here.</summary>
/// <param name="folder">The data folder, for messages.</param>
/// <param name="layout">The index's files.</param>
/// <param name="rows">Committed rows.</param>
/// <param name="files">The mapped files, by ordinal.</param>
internal sealed class IndexRows(string folder, IndexLayout layout, RowCounts rows, MappedFile[] files)
{
    private const int BoxBytes = 4 * sizeof(float);

    // Bytes that are no longer valid UTF-8 would otherwise be answered with replacement characters.
    private static readonly UTF8Encoding strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public MappedFile Map(IndexFile file) => files[file.Ordinal];

    /// <exception cref="IndexCorruptException">Its end decreases, or lies outside the file.</exception>
    public ReadOnlySpan<byte> Blob(BlobFiles blob, long slot)
    {
        var from = slot == 0 ? 0 : Map(blob.Ends).Number(slot - 1);
        var end = Map(blob.Ends).Number(slot);
        return from >= 0 && from <= end && end <= Map(blob.Bytes).Bytes && end - from <= int.MaxValue
            ? Map(blob.Bytes).Span(from, end - from)
            : throw new IndexCorruptException(folder, blob.Ends.Path, $"row {slot} is said to own bytes {from} to {end} of {Map(blob.Bytes).Bytes}");
    }

    /// <exception cref="IndexCorruptException">Its end is damaged, or it is not text.</exception>
    public string Text(BlobFiles blob, long slot)
    {
        try
        {
            return strict.GetString(Blob(blob, slot));
        }
        catch (DecoderFallbackException e)
        {
            throw new IndexCorruptException(folder, blob.Bytes.Path, $"row {slot} is not UTF-8", e);
        }
    }

    /// <exception cref="IndexCorruptException">Its end is damaged, or a value is not finite.</exception>
    public float[] Boxes(long slot)
    {
        var bytes = Blob(layout.Boxes, slot);
        if (bytes.Length % BoxBytes != 0)
        {
            throw new IndexCorruptException(folder, layout.Boxes.Ends.Path, $"row {slot} is said to own {bytes.Length} bytes; expected a multiple of {BoxBytes}");
        }

        var boxes = MemoryMarshal.Cast<byte, float>(bytes).ToArray();
        return Finite.All(boxes) ? boxes : throw new IndexCorruptException(folder, layout.Boxes.Bytes.Path, $"row {slot} holds a value that is not finite");
    }

    /// <exception cref="IndexCorruptException">The image's end decreases, or lies outside the captions.</exception>
    public (long First, int Count) CaptionsOf(long image)
    {
        var first = image == 0 ? 0 : Map(layout.CaptionEnds).Number(image - 1);
        var end = Map(layout.CaptionEnds).Number(image);
        return first >= 0 && first <= end && end <= rows.Captions
            ? (first, (int)(end - first))
            : throw new IndexCorruptException(folder, layout.CaptionEnds.Path, $"image {image} is said to have the captions {first} to {end} of {rows.Captions}");
    }

    /// <summary>The deleted slots. Slots keep their meaning within an epoch, and files only grow; but an index may be built again in the same folder.</summary>
    /// <param name="former">An earlier generation of the same slots; null for none.</param>
    /// <param name="known">Tombstones of that generation, which are not read again.</param>
    /// <exception cref="IndexCorruptException">A tombstone is of no image.</exception>
    public (SlotBitmap Images, SlotBitmap Captions) Tombstones(LocalIndex? former, long known)
    {
        var images = former is null ? new SlotBitmap(rows.Images) : new SlotBitmap(rows.Images, former.Images.Deleted);
        var captions = former is null ? new SlotBitmap(rows.Captions) : new SlotBitmap(rows.Captions, former.Captions.Deleted);
        for (var row = known; row < rows.Tombstones; row++)
        {
            var image = Map(layout.Tombstones).Number(row);
            if ((ulong)image >= (ulong)images.Slots)
            {
                throw new IndexCorruptException(folder, layout.Tombstones.Path, $"row {row} marks image {image} of {images.Slots}");
            }

            images.Add(image);
            var (first, count) = CaptionsOf(image);
            for (var caption = first; caption < first + count; caption++)
            {
                captions.Add(caption);
            }
        }

        return (images, captions);
    }
}
