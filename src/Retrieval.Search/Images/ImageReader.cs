using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Errors;

namespace Retrieval.Search.Images;

/// <summary>Reads single images of the served index.</summary>
/// <param name="snapshots">What is served.</param>
/// <param name="options">Limits the length of an answer.</param>
public sealed class ImageReader(SnapshotSource snapshots, SearchOptions options)
{
    /// <summary>One stored image, with its texts left in the index's files. Dispose of it once it has been written.</summary>
    /// <exception cref="NotFoundException">The index has no such image.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    /// <exception cref="IndexCorruptException">Its stored data is damaged.</exception>
    /// <exception cref="AnswerTooLongException">Its texts alone exceed the longest permitted answer.</exception>
    public ImageAnswer Open(string id)
    {
        ArgumentNullException.ThrowIfNull(id);

        // The answer takes over the lease.
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

    /// <summary>One stored image, read into memory.</summary>
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

        var details = new ImageDetails(id, captions, SearchAnswer.MetadataOf(image.Texts, image.Slot), image.Texts.BoxList(image.Slot), image.IndexEpoch);
        image.RequireWhole();
        return details;
    }
}
