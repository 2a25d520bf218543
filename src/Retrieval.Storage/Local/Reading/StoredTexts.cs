using System.Runtime.InteropServices;
using System.Text.Unicode;
using Retrieval.Domain.Images;
using Retrieval.Domain.Numbers;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Reading;

/// <summary>
/// What an index stores of images and captions in addition to tensors, as bytes in its mapped files: an answer is written from
/// them without a copy. <c>Require…</c> checks that the bytes can be used in an answer. Call it before writing them, since an
/// answer that has begun must be completed.
/// </summary>
/// <param name="index">The index. The spans are valid until it is disposed of.</param>
public sealed class StoredTexts(LocalIndex index)
{
    private const int Corners = 4;

    /// <summary>An image's id, UTF-8.</summary>
    /// <exception cref="IndexCorruptException">Its location is damaged.</exception>
    public ReadOnlySpan<byte> Id(long image) => index.IdBytes(image);

    /// <summary>An image's metadata, a JSON object in UTF-8; empty if it has none.</summary>
    /// <exception cref="IndexCorruptException">Its location is damaged.</exception>
    public ReadOnlySpan<byte> Metadata(long image) => index.Blob(index.Layout.Metadata, image);

    /// <summary>An image's region boxes, <c>[R][4]</c> row by row; empty if it has none.</summary>
    /// <exception cref="IndexCorruptException">Their location is damaged.</exception>
    public ReadOnlySpan<float> Boxes(long image) => MemoryMarshal.Cast<byte, float>(index.Blob(index.Layout.Boxes, image));

    /// <summary>A caption's text, UTF-8.</summary>
    /// <exception cref="IndexCorruptException">Its location is damaged.</exception>
    public ReadOnlySpan<byte> Text(long caption) => index.Blob(index.Layout.Texts, caption);

    /// <summary>The slots of an image's captions.</summary>
    /// <exception cref="IndexCorruptException">Their location is damaged.</exception>
    public (long First, int Count) Captions(long image) => index.CaptionsOf(image);

    /// <summary>The image that a caption describes, and its position among that image's captions, from 0.</summary>
    /// <exception cref="IndexCorruptException">The caption and the image do not refer to each other.</exception>
    public (long Image, int Position) Locate(long caption)
    {
        var file = index.Layout.CaptionImages;
        var image = index.Map(file).Number(caption);
        if ((ulong)image >= (ulong)index.Images.Slots)
        {
            throw Damaged(file, $"caption {caption} is said to be of image {image} of {index.Images.Slots}");
        }

        var (first, count) = Captions(image);
        return caption >= first && caption - first < count
            ? (image, (int)(caption - first))
            : throw Damaged(file, $"caption {caption} is said to be of image {image}, which has the captions {first} to {first + count}");
    }

    /// <summary>Requires that an image's id and metadata can be used in an answer.</summary>
    /// <returns>Their bytes together.</returns>
    /// <exception cref="IndexCorruptException">They cannot.</exception>
    public long RequireImage(long image)
    {
        var id = Id(image);
        var metadata = Metadata(image);
        RequireText(index.Layout.Ids.Bytes, image, id);
        return MetadataJson.Check(metadata) is { } reason
            ? throw Damaged(index.Layout.Metadata.Bytes, $"row {image}: {reason}")
            : id.Length + metadata.Length;
    }

    /// <summary>Requires that a caption's text can be used in an answer.</summary>
    /// <returns>Its bytes.</returns>
    /// <exception cref="IndexCorruptException">It cannot.</exception>
    public long RequireCaption(long caption)
    {
        var text = Text(caption);
        RequireText(index.Layout.Texts.Bytes, caption, text);
        return text.Length;
    }

    /// <summary>Requires that everything stored of an image can be used in an answer: id, metadata, captions and boxes.</summary>
    /// <returns>Bytes of its texts together.</returns>
    /// <exception cref="IndexCorruptException">It cannot.</exception>
    public long RequireWhole(long image)
    {
        var bytes = RequireImage(image);
        var (first, count) = Captions(image);
        for (var caption = first; caption < first + count; caption++)
        {
            if (Locate(caption).Image != image)
            {
                throw Damaged(index.Layout.CaptionImages, $"caption {caption} is said to be of another image than {image}");
            }

            bytes += RequireCaption(caption);
        }

        RequireBoxes(image);
        return bytes;
    }

    /// <summary>Requires that an image's region boxes can be used in an answer.</summary>
    /// <exception cref="IndexCorruptException">They cannot.</exception>
    public void RequireBoxes(long image)
    {
        var boxes = index.Blob(index.Layout.Boxes, image);
        if (boxes.Length % (Corners * sizeof(float)) != 0 || !Finite.All(MemoryMarshal.Cast<byte, float>(boxes)))
        {
            throw Damaged(index.Layout.Boxes.Bytes, $"row {image} holds a value that is not finite, or no whole boxes");
        }
    }

    /// <summary>An image's region boxes as corners x1, y1, x2, y2 of each; null if it has none.</summary>
    /// <exception cref="IndexCorruptException">Their location is damaged.</exception>
    public IReadOnlyList<float[]>? BoxList(long image)
    {
        var boxes = Boxes(image).ToArray();
        return boxes.Length == 0 ? null : [.. boxes.Chunk(Corners)];
    }

    private void RequireText(IndexFile file, long row, ReadOnlySpan<byte> text)
    {
        if (!Utf8.IsValid(text))
        {
            throw Damaged(file, $"row {row} is not a text in UTF-8");
        }
    }

    private IndexCorruptException Damaged(IndexFile file, string reason) => new(index.DataFolder, file.Path, reason);
}
