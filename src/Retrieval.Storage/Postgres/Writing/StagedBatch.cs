using System.Runtime.InteropServices;
using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>A batch that was checked and prepared, so that a transaction can be built from it as often as needed.</summary>
internal sealed class StagedBatch
{
    // A value in Postgres is smaller than 1 GiB, and so is the message that carries it.
    private const long LongestRecord = (1L << 30) - (1 << 16);

    private StagedBatch(ImageRows rows, IndexLayout layout)
    {
        SourceKey = rows.SourceKey;
        Images = new RecordRows(rows.ImageFields, layout.Images, rows.Images.Count);
        Captions = new RecordRows(rows.CaptionFields, layout.Captions, rows.Images.Sum(image => image.Captions.Count));
        var entries = new List<StagedImage>(rows.Images.Count);
        var faults = new List<(int, RejectedImage)>();
        for (int row = 0, caption = 0; row < rows.Images.Count; caption += rows.Images[row].Captions.Count, row++)
        {
            var entry = rows.Images[row];
            try
            {
                Require(row, entry, caption);
                entries.Add(new StagedImage(row, entry, caption, Bytes(Tags.OfMetadata(entry.Metadata)), Bytes(SortedValues.OfMetadata(entry.Metadata))));
            }
            catch (InvalidInputException fault)
            {
                faults.Add((row, new RejectedImage(entry.Id, null, fault.Message)));
            }
        }

        Entries = entries;
        Faults = faults;
    }

    public string? SourceKey { get; }

    /// <summary>The images to be stored.</summary>
    public IReadOnlyList<StagedImage> Entries { get; }

    /// <summary>The images that Postgres cannot hold or that exceed the format's bounds, with their positions in the batch.</summary>
    public IReadOnlyList<(int Row, RejectedImage Image)> Faults { get; }

    public RecordRows Images { get; }

    public RecordRows Captions { get; }

    /// <exception cref="InvalidInputException">The batch does not match the schema, or contains an id twice.</exception>
    public static StagedBatch Of(ImageRows rows, IndexSchema schema)
    {
        var layout = new IndexLayout(schema);
        BatchCheck.RequireStructure(rows, layout);
        return new StagedBatch(rows, layout);
    }

    private static byte[][] Bytes(IReadOnlyList<string> texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];

    private static void Plain(string text, string field)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new InvalidInputException("has the character U+0000, which Postgres cannot hold", field: field);
        }
    }

    private static void Vector(RecordRows rows, int item, string field)
    {
        var embedding = MemoryMarshal.Cast<byte, float>(rows.Embedding(item).Span);
        if (Halves.FirstBeyond(embedding) is >= 0 and var place)
        {
            throw new InvalidInputException(
                $"value {place} is {embedding[place]:R}, beyond half precision (at most {Halves.Largest:R}), in which Postgres holds embeddings", field: field);
        }

        if (rows.Length(item) > LongestRecord)
        {
            throw new InvalidInputException($"the record has {rows.Length(item)} bytes, expected at most {LongestRecord}", field: field);
        }
    }

    private void Require(int row, ImageEntry entry, int firstCaption)
    {
        BatchCheck.RequireBounds(entry);
        Plain(entry.Id, "id");
        Vector(Images, row, "embedding");
        for (var i = 0; i < entry.Captions.Count; i++)
        {
            Plain(entry.Captions[i], $"caption {i}");
            Vector(Captions, firstCaption + i, $"embedding of caption {i}");
        }
    }
}
