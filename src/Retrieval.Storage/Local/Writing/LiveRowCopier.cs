using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Storage.Local.Writing;

/// <summary>
/// Copies the live rows of one index into empty files, in slot order. Neighbouring live images own neighbouring rows in every
/// file, so rows are copied in runs.
/// </summary>
internal sealed class LiveRowCopier(LocalIndex from, IndexStore to)
{
    private const long LargestPiece = 16 << 20;

    /// <summary>Longest run, so that a cancellation is observed soon.</summary>
    private const long LongestRun = 4096;

    private readonly IndexLayout _layout = from.Layout;

    public void Run(CancellationToken cancellation)
    {
        for (long first = 0; first < from.Images.Slots;)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!from.Images.IsLive(first))
            {
                first++;
                continue;
            }

            var end = first + 1;
            while (end < from.Images.Slots && end - first < LongestRun && from.Images.IsLive(end))
            {
                end++;
            }

            Copy(first, end);
            first = end;
        }

        // Ensures that no missing bytes were copied as zeros: after the commit, the copy is all there is.
        from.RequireSound();
    }

    private void Copy(long first, long end)
    {
        var firstCaption = from.CaptionsOf(first).First;
        var (lastCaption, lastCount) = from.CaptionsOf(end - 1);
        var endCaption = lastCaption + lastCount;
        var imageShift = to.Rows.Images - first;
        var captionShift = to.Rows.Captions - firstCaption;

        Tensors(_layout.Images, first, end, to.Rows.ImageRaggedRows);
        Tensors(_layout.Captions, firstCaption, endCaption, to.Rows.CaptionRaggedRows);
        Blob(_layout.Ids, first, end);
        Rows(_layout.ContentHashes, first, end);
        Rows(_layout.Sources, first, end);
        Blob(_layout.Metadata, first, end);
        Blob(_layout.Boxes, first, end);
        Numbers(_layout.CaptionEnds, first, end, captionShift);
        Numbers(_layout.CaptionImages, firstCaption, endCaption, imageShift);
        Blob(_layout.Texts, firstCaption, endCaption);
    }

    private void Tensors(CollectionFiles files, long first, long end, long firstRaggedRow)
    {
        if (first == end)
        {
            return;
        }

        Rows(files.Embedding, first, end);
        var (raggedFirst, raggedEnd) = (0L, 0L);
        if (files.Offset is not null && files.Length is not null)
        {
            raggedFirst = from.Map(files.Offset).Number(first);
            raggedEnd = from.Map(files.Offset).Number(end - 1) + from.Map(files.Length).Number(end - 1);
            Numbers(files.Offset, first, end, firstRaggedRow - raggedFirst);
            Rows(files.Length, first, end);
        }

        foreach (var (spec, file) in files.Fields)
        {
            Rows(file, spec.Ragged ? raggedFirst : first, spec.Ragged ? raggedEnd : end);
        }
    }

    private void Blob(BlobFiles blob, long first, long end)
    {
        if (first == end)
        {
            return;
        }

        var fromByte = first == 0 ? 0 : from.Map(blob.Ends).Number(first - 1);
        var shift = to[blob.Bytes].Bytes - fromByte;
        Rows(blob.Bytes, fromByte, from.Map(blob.Ends).Number(end - 1));
        Numbers(blob.Ends, first, end, shift);
    }

    private void Numbers(IndexFile file, long first, long end, long shift)
    {
        for (var row = first; row < end; row++)
        {
            to[file].Append(from.Map(file).Number(row) + shift);
        }
    }

    private void Rows(IndexFile file, long first, long end)
    {
        var endByte = end * file.RowBytes;
        for (var at = first * file.RowBytes; at < endByte; at += LargestPiece)
        {
            to[file].Append(from.Map(file).Span(at, Math.Min(LargestPiece, endByte - at)));
        }
    }
}
