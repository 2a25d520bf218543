using System.Runtime.InteropServices;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Local.Writing;

/// <summary>Writes a checked batch, field by field, so that each file receives one long run of bytes.</summary>
internal sealed class RowAppender(IndexStore store)
{
    private readonly IndexLayout _layout = store.Layout;

    /// <param name="rows">The batch.</param>
    /// <param name="source">Number of its source, 0 for none.</param>
    public void Append(ImageRows rows, int source)
    {
        var firstImage = store.Rows.Images;
        var captionEnd = store.Rows.Captions;
        Tensors(rows.ImageFields, _layout.Images, store.Rows.ImageRaggedRows);
        Tensors(rows.CaptionFields, _layout.Captions, store.Rows.CaptionRaggedRows);
        for (var row = 0; row < rows.Images.Count; row++)
        {
            var image = rows.Images[row];
            store.AppendBlob(_layout.Ids, BatchCheck.StrictUtf8.GetBytes(image.Id));
            store[_layout.ContentHashes].Append(image.ContentHash.Span);
            store[_layout.Sources].AppendInt32(source);
            store.AppendBlob(_layout.Metadata, image.Metadata.Span);
            store.AppendBlob(_layout.Boxes, MemoryMarshal.AsBytes(image.Boxes.Span));
            foreach (var caption in image.Captions)
            {
                store[_layout.CaptionImages].Append(firstImage + row);
                store.AppendBlob(_layout.Texts, BatchCheck.StrictUtf8.GetBytes(caption));
            }

            captionEnd += image.Captions.Count;
            store[_layout.CaptionEnds].Append(captionEnd);
        }
    }

    private void Tensors(FieldRows rows, CollectionFiles files, long firstRaggedRow)
    {
        store[files.Embedding].Append(rows.Embedding.Span);
        foreach (var (spec, file) in files.Fields)
        {
            if (rows.Fields.TryGetValue(spec.Name, out var bytes))
            {
                store[file].Append(bytes.Span);
            }
        }

        if (files.Offset is null || files.Length is null)
        {
            return;
        }

        foreach (var length in rows.Lengths.Span)
        {
            store[files.Offset].Append(firstRaggedRow);
            store[files.Length].Append(length);
            firstRaggedRow += length;
        }
    }
}
