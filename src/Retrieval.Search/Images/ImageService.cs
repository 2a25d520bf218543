using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Domain.Numbers;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;

namespace Retrieval.Search.Images;

/// <summary>Stores and deletes single images while the index is served. They are checked and encoded as in an ingestion.</summary>
/// <param name="snapshots">Says which model and which index.</param>
/// <param name="queues">Shared with everything else that computes in this process.</param>
/// <param name="store">Where the images are stored.</param>
/// <param name="bounds">What may be stored of an image; null for the defaults.</param>
public sealed class ImageService(SnapshotSource snapshots, ComputeQueues queues, IImageStore store, ImageBounds? bounds = null)
{
    private readonly ImageBounds _bounds = bounds ?? ImageBounds.Default;

    /// <summary>Stores a complete image and replaces any image with the same id.</summary>
    /// <exception cref="FeatureShapeException">The features are not of the model's shape.</exception>
    /// <exception cref="InvalidInputException">The id, a caption, a box or a value cannot be stored; names the field.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    /// <exception cref="RetrievalException">It could not be stored.</exception>
    public async Task<ImageChange> PutAsync(SubmittedImage image, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        using var snapshot = snapshots.Acquire();
        var encoder = new SampleEncoder(snapshot.Model, _bounds);
        var sample = Check(image, snapshot.Model);
        var tokenized = encoder.Tokenize(sample, out var reason) ?? throw new InvalidInputException(reason!, field: "captions");
        var rejects = new List<RejectedSample>();
        var rows = await encoder.EncodeAsync([tokenized], null, rejects, queues.Device, cancellationToken).ConfigureAwait(false);
        using (rows)
        {
            if (rows is null)
            {
                throw new InvalidInputException(rejects[0].Reason, field: "features");
            }

            var known = snapshot.Index.TryGetImageSlot(image.Id, out _);
            var stored = await store.PutAsync(snapshot, rows.Rows, cancellationToken).ConfigureAwait(false);
            return new ImageChange(image.Id, known ? ImageChangeKind.Replaced : ImageChangeKind.Created, stored.Epoch, stored.Visible, snapshot.Model.Label);
        }
    }

    /// <summary>Deletes an image and its captions.</summary>
    /// <exception cref="NotFoundException">There is no such image.</exception>
    /// <exception cref="NotReadyException">Nothing is loaded.</exception>
    /// <exception cref="RetrievalException">It could not be deleted.</exception>
    public async Task<ImageChange> DeleteAsync(string id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(id);
        using var snapshot = snapshots.Acquire();
        if (SampleRules.CheckId(id) is not null)
        {
            // No index contains such an id.
            throw new NotFoundException("image", id);
        }

        var deleted = await store.DeleteAsync(snapshot, id, cancellationToken).ConfigureAwait(false) ?? throw new NotFoundException("image", id);
        return new ImageChange(id, ImageChangeKind.Deleted, deleted.Epoch, deleted.Visible, snapshot.Model.Label);
    }

    private ImageSample Check(SubmittedImage image, MatchingModel model)
    {
        Require(SampleRules.CheckId(image.Id), "id");
        for (var i = 0; i < image.Captions.Count; i++)
        {
            Require(SampleRules.CheckCaption(image.Captions[i]), $"captions[{i}]");
        }

        if (SampleRules.CheckBounds(image.Captions, image.Metadata, _bounds) is { } tooMuch)
        {
            Require(tooMuch.Reason, tooMuch.What);
        }

        image.Features.Require(model.Manifest);
        var width = model.Manifest.RegionWidth;
        var regions = image.Features.Values.Length / width;
        return new ImageSample(0, image.Id)
        {
            Regions = image.Features.Values,
            RegionCount = regions,
            RegionWidth = width,
            Captions = image.Captions,
            Metadata = image.Metadata is { Count: > 0 } ? image.Metadata : null,
            Boxes = BoxesOf(image, regions),
        };
    }

    private static ReadOnlyMemory<float>? BoxesOf(SubmittedImage image, int regions)
    {
        const int Corners = 4;
        if (image.Boxes is not { } boxes)
        {
            return null;
        }

        if (boxes.Count != regions || boxes.Any(box => box.Count != Corners))
        {
            throw new InvalidInputException($"expected {regions} boxes, one a region, of four numbers x1, y1, x2, y2", field: "boxes");
        }

        float[] values = [.. boxes.SelectMany(box => box)];
        return Finite.All(values) ? (ReadOnlyMemory<float>?)values : throw new InvalidInputException("a coordinate is not a finite number", field: "boxes");
    }

    private static void Require(string? fault, string field)
    {
        if (fault is not null)
        {
            throw new InvalidInputException(fault, field: field);
        }
    }
}
