using System.Runtime.InteropServices;
using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Domain.Numbers;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Local.Writing;

/// <summary>Checks a whole batch before its first byte is written: a batch is stored completely or not at all.</summary>
internal static class BatchCheck
{
    private const int HashBytes = 32;

    // Refuses lone surrogates. The default encoding would turn them into question marks, so two ids would become one.
    public static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Requires that a batch fits the schema, and that everything returned in answers can be returned and is within the format's
    /// bounds.
    /// </summary>
    /// <exception cref="InvalidInputException">The first fault found, with the row and the field.</exception>
    public static void Require(ImageRows rows, IndexLayout layout)
    {
        RequireStructure(rows, layout);
        for (var row = 0; row < rows.Images.Count; row++)
        {
            RequireBounds(rows.Images[row], row);
            Refuse(MetadataJson.Check(rows.Images[row].Metadata.Span), row, "metadata");
        }
    }

    /// <summary>Requires that a batch fits the schema.</summary>
    /// <exception cref="InvalidInputException">The first fault found, with the row and the field.</exception>
    public static void RequireStructure(ImageRows rows, IndexLayout layout)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var captions = 0;
        for (var row = 0; row < rows.Images.Count; row++)
        {
            Entry(rows.Images[row], row);
            captions += rows.Images[row].Captions.Count;
            if (!ids.Add(rows.Images[row].Id))
            {
                throw new InvalidInputException($"image id '{rows.Images[row].Id}' occurs twice in the batch", row: row, field: "id");
            }
        }

        Tensors(rows.ImageFields, rows.Images.Count, layout.Images);
        Tensors(rows.CaptionFields, captions, layout.Captions);
    }

    private static void Entry(ImageEntry image, int row)
    {
        if (EncodedLength(image.Id, row, "id") is 0 or > ImageBounds.MaxIdBytes)
        {
            throw new InvalidInputException($"an image id has 1 to {ImageBounds.MaxIdBytes} bytes", row: row, field: "id");
        }

        if (image.ContentHash.Length != HashBytes)
        {
            throw new InvalidInputException($"a content hash has {HashBytes} bytes, not {image.ContentHash.Length}", row: row, field: "contentHash");
        }

        foreach (var caption in image.Captions)
        {
            EncodedLength(caption, row, "captions");
        }
    }

    /// <summary>
    /// Requires that an image's texts are within the format's bounds and its boxes are numbers. No entry point accepts
    /// anything else.
    /// </summary>
    /// <exception cref="InvalidInputException">The first fault found, with the field.</exception>
    public static void RequireBounds(ImageEntry image, int? row = null)
    {
        var bytes = image.Captions.Sum(caption => (long)StrictUtf8.GetByteCount(caption));
        Refuse(ImageBounds.OfFormat.CheckCaptions(image.Captions.Count, bytes), row, "captions");
        Refuse(ImageBounds.OfFormat.CheckMetadata(image.Metadata.Length), row, "metadata");
        Refuse(Finite.All(image.Boxes.Span) ? null : "a coordinate of a box is not a finite number", row, "boxes");
        Refuse(image.Boxes.Length % 4 == 0 ? null : $"{image.Boxes.Length} coordinates of boxes, expected four a box", row, "boxes");
    }

    private static void Refuse(string? reason, int? row, string field)
    {
        if (reason is not null)
        {
            throw new InvalidInputException(reason, row: row, field: field);
        }
    }

    private static int EncodedLength(string text, int row, string field)
    {
        try
        {
            return StrictUtf8.GetByteCount(text);
        }
        catch (EncoderFallbackException e)
        {
            throw new InvalidInputException("the text is not valid Unicode (a lone surrogate)", row: row, field: field, innerException: e);
        }
    }

    private static void Tensors(FieldRows rows, int items, CollectionFiles files)
    {
        var raggedRows = Lengths(rows.Lengths.Span, items, files);
        Size(files, files.EmbeddingSpec.Name, rows.Embedding.Length, (long)items * files.EmbeddingSpec.RowBytes);
        foreach (var (spec, _) in files.Fields)
        {
            // A collection without items need not contain its fields.
            if (!rows.Fields.TryGetValue(spec.Name, out var bytes) && items > 0)
            {
                throw new InvalidInputException("the batch lacks the field", field: $"{files.Name}.{spec.Name}");
            }

            Size(files, spec.Name, bytes.Length, (spec.Ragged ? raggedRows : items) * spec.RowBytes);
        }

        Embeddings(rows, items, files);
    }

    private static long Lengths(ReadOnlySpan<int> lengths, int items, CollectionFiles files)
    {
        if (!files.Ragged)
        {
            return 0;
        }

        if (lengths.Length != items)
        {
            throw new InvalidInputException($"{lengths.Length} lengths for {items} items", field: $"{files.Name}.length");
        }

        long sum = 0;
        for (var item = 0; item < items; item++)
        {
            sum += lengths[item] >= 0 ? lengths[item] : throw new InvalidInputException($"a length of {lengths[item]}", row: item, field: $"{files.Name}.length");
        }

        return sum;
    }

    private static void Size(CollectionFiles files, string field, long found, long expected)
    {
        if (found != expected)
        {
            throw new InvalidInputException($"{found} bytes, expected {expected}", field: $"{files.Name}.{field}");
        }
    }

    // A vector with a NaN has no rank in any ranking.
    private static void Embeddings(FieldRows rows, int items, CollectionFiles files)
    {
        var width = files.EmbeddingSpec.RowElements;
        for (var item = 0; item < items; item++)
        {
            var embedding = MemoryMarshal.Cast<byte, float>(rows.Embedding.Span.Slice(item * files.EmbeddingSpec.RowBytes, width * sizeof(float)));
            if (!Finite.All(embedding))
            {
                throw new InvalidInputException("the embedding has a value that is not finite", row: item, field: $"{files.Name}.embedding");
            }
        }
    }
}
