using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Errors;

namespace Retrieval.Search.Images;

/// <summary>Single images of what is served.</summary>
/// <param name="snapshots">What is served.</param>
/// <param name="options">Says how long an answer may be.</param>
public sealed class ImageReader(SnapshotSource snapshots, SearchOptions options)
{
    /// <summary>One image as the index holds it, its texts where they are stored. Dispose of it when it has been written.</summary>
    /// <exception cref="NotFoundException">The index has no such image.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    /// <exception cref="IndexCorruptException">What is stored of it is damaged.</exception>
    /// <exception cref="AnswerTooLongException">Its texts alone are longer than an answer may be.</exception>
    public ImageAnswer Open(string id)
    {
        ArgumentNullException.ThrowIfNull(id);

        // The answer takes the lease with it.
        var snapshot = snapshots.Acquire();
        try
        {
            return Soundly.Run(snapshot.Index, () => new ImageAnswer(snapshot, id, SearchService.ImageSlot(snapshot.Index, id), options.MaxAnswerBytes));
        }
        catch
        {
            snapshot.Dispose();
            throw;
        }
    }

    /// <summary>One image as the index holds it, read into memory.</summary>
    /// <inheritdoc cref="Open"/>
    public ImageDetails Read(string id)
    {
        using var image = Open(id);
        var (first, count) = image.Texts.Captions(image.Slot);
        var captions = new CaptionDetails[count];
        for (var i = 0; i < count; i++)
        {
            captions[i] = new CaptionDetails(CaptionId.Of(id, i), Encoding.UTF8.GetString(image.Texts.Text(first + i)));
        }

        var boxes = image.Texts.Boxes(image.Slot).ToArray();
        var details = new ImageDetails(id, captions, SearchAnswer.MetadataOf(image.Texts, image.Slot), boxes.Length == 0 ? null : [.. boxes.Chunk(4)], image.IndexEpoch);
        image.RequireWhole();
        return details;
    }
}
