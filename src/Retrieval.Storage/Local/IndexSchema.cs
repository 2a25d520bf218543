using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Storage.Errors;

namespace Retrieval.Storage.Local;

/// <summary>What an index stores of each image and each caption, and the bundle that produces it.</summary>
/// <param name="Fingerprint">Fingerprint of the bundle, lower-case hex.</param>
/// <param name="BundleName">The bundle's name, for people.</param>
/// <param name="EmbeddingWidth">E, elements of an embedding (float32), the same for images and captions.</param>
/// <param name="ImageFields">Record fields of an image.</param>
/// <param name="CaptionFields">Record fields of a caption. All ragged fields of a collection share one offset and one length per
/// item.</param>
public sealed record IndexSchema(
    string Fingerprint,
    string BundleName,
    int EmbeddingWidth,
    IReadOnlyList<FieldSpec> ImageFields,
    IReadOnlyList<FieldSpec> CaptionFields)
{
    /// <summary>Checks names and sizes, since they become file names and file sizes.</summary>
    /// <exception cref="InvalidInputException">A name, a shape or a width that cannot be stored.</exception>
    internal void Validate()
    {
        if (string.IsNullOrWhiteSpace(Fingerprint))
        {
            throw new InvalidInputException("the bundle's fingerprint is empty", field: nameof(Fingerprint));
        }

        if (EmbeddingWidth < 1)
        {
            throw new InvalidInputException($"the embedding's width is {EmbeddingWidth}, expected at least 1", field: nameof(EmbeddingWidth));
        }

        Validate(ImageFields, nameof(ImageFields));
        Validate(CaptionFields, nameof(CaptionFields));
    }

    /// <summary>Refuses an index with another bundle or other fields.</summary>
    /// <param name="path">The index, as an error names it.</param>
    /// <param name="found">Its schema.</param>
    /// <exception cref="IndexMismatchException">Names what differs, and both values.</exception>
    public void Match(string path, IndexSchema found)
    {
        ArgumentNullException.ThrowIfNull(found);
        Match(path, "bundle fingerprint", Fingerprint, found.Fingerprint);
        Match(path, "embedding width", $"{EmbeddingWidth}", $"{found.EmbeddingWidth}");
        Match(path, "list of image fields", Describe(ImageFields), Describe(found.ImageFields));
        Match(path, "list of caption fields", Describe(CaptionFields), Describe(found.CaptionFields));
    }

    private static void Match(string path, string what, string expected, string found)
    {
        if (expected != found)
        {
            throw new IndexMismatchException(path, what, expected, found);
        }
    }

    private static string Describe(IReadOnlyList<FieldSpec> fields) => $"({string.Join("; ", fields)})";

    private static void Validate(IReadOnlyList<FieldSpec> fields, string list)
    {
        // Names become file names, and some file systems ignore case.
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in fields)
        {
            if (field.Name.Length is 0 or > 64 || !field.Name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            {
                throw new InvalidInputException($"field name '{field.Name}' is not made of 1 to 64 letters, digits and underscores", field: list);
            }

            if (!names.Add(field.Name))
            {
                throw new InvalidInputException($"field name '{field.Name}' is used twice", field: list);
            }

            if (field.RowShape.Any(size => size < 1))
            {
                throw new InvalidInputException($"field {field} has a dimension below 1", field: list);
            }
        }
    }
}
