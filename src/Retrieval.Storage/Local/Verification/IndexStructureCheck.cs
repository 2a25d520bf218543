using System.Buffers.Binary;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Storage.Local.Verification;

/// <summary>
/// Checks references between rows: ends never decrease, ragged rows are owned once and in order, captions refer to their image,
/// and sources have names.
/// </summary>
internal sealed class IndexStructureCheck(LocalIndex index, Action<IndexFault> report)
{
    private const int CancellationStride = 1 << 16;

    public void Run(CancellationToken cancellation)
    {
        var layout = index.Layout;
        foreach (var blob in new[] { layout.Ids, layout.Metadata, layout.Boxes, layout.Texts })
        {
            Ends(blob.Ends, index.Manifest.BytesOf(blob.Bytes), cancellation);
        }

        Ends(layout.CaptionEnds, index.Captions.Slots, cancellation);
        Ragged(layout.Images, index.Manifest.Rows.ImageRaggedRows, cancellation);
        Ragged(layout.Captions, index.Manifest.Rows.CaptionRaggedRows, cancellation);
        CaptionImages(cancellation);
        Sources(cancellation);
    }

    private void Ends(IndexFile file, long last, CancellationToken cancellation)
    {
        long before = 0;
        ForEachRow(file, row =>
        {
            var end = index.Map(file).Number(row);
            if (end < before)
            {
                Report(file, row, $"{end} is below the end before it, {before}");
            }

            before = end;
        }, cancellation);
        if (before != last)
        {
            Report(file, Math.Max(0, index.Map(file).Rows - 1), $"the last end is {before}, expected {last}");
        }
    }

    private void Ragged(CollectionFiles files, long rows, CancellationToken cancellation)
    {
        if (files.Offset is not { } offsets || files.Length is not { } lengths)
        {
            return;
        }

        long next = 0;
        ForEachRow(offsets, row =>
        {
            var (offset, length) = (index.Map(offsets).Number(row), index.Map(lengths).Number(row));
            if (offset != next || length < 0)
            {
                Report(offsets, row, $"the item is said to own {length} rows from {offset}, expected to begin at {next}");
            }

            next = offset + length;
        }, cancellation);
        if (next != rows)
        {
            Report(offsets, Math.Max(0, index.Map(offsets).Rows - 1), $"the items own {next} ragged rows, there are {rows}");
        }
    }

    private void CaptionImages(CancellationToken cancellation)
    {
        var file = index.Layout.CaptionImages;
        ForEachRow(index.Layout.CaptionEnds, image =>
        {
            var (first, count) = index.CaptionsOf(image);
            for (var caption = first; caption < first + count; caption++)
            {
                if (index.Map(file).Number(caption) != image)
                {
                    Report(file, caption, $"the caption names image {index.Map(file).Number(caption)}, it belongs to {image}");
                }
            }
        }, cancellation);
    }

    private void Sources(CancellationToken cancellation)
    {
        var file = index.Layout.Sources;
        ForEachRow(file, row =>
        {
            var source = BinaryPrimitives.ReadInt32LittleEndian(index.Map(file).Row(row));
            if (source < 0 || source > index.Manifest.Sources.Count)
            {
                Report(file, row, $"the image is said to be of source {source} of {index.Manifest.Sources.Count}");
            }
        }, cancellation);
    }

    private void ForEachRow(IndexFile file, Action<long> check, CancellationToken cancellation)
    {
        for (long row = 0; row < index.Map(file).Rows; row++)
        {
            if (row % CancellationStride == 0)
            {
                cancellation.ThrowIfCancellationRequested();
            }

            check(row);
        }
    }

    private void Report(IndexFile file, long row, string reason) =>
        report(new IndexFault(file.Path, row * file.RowBytes, (row + 1) * file.RowBytes, row, row, reason));
}
