using Retrieval.Inference;
using Retrieval.Inference.Banks;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Records;
using Retrieval.Search.Shortlists;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Search.Snapshots;

/// <summary>
/// A model, one generation of an index, and the banks over it: everything a request needs, immutable. A request holds a
/// lease on the snapshot it started with; the files are unmapped when the last lease of a replaced snapshot ends.
/// </summary>
public sealed class SearchSnapshot : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Lazy<MetadataIndex> _metadata;
    private readonly Lazy<float[]> _imageFactors;

    // Of the newest earlier generation with the same slots for which they were computed.
    private readonly float[]? _formerFactors;
    private readonly Action _ended;
    private int _leases = 1;

    /// <exception cref="BankTooLargeException">A bank does not fit on the device. No resources are held.</exception>
    internal SearchSnapshot(
        MatchingModel model,
        LocalIndex index,
        ServedIndex? served,
        SearchSnapshot? former,
        IProgress<BankProgress>? progress,
        Action<DamagedItem>? damaged,
        Action ended,
        CancellationToken cancellationToken)
    {
        var continued = former is not null && former.Model == model && index.Continues(former.Index) ? former : null;
        _ended = ended;

        // The slots are the same: what was reported about them is not reported again with every generation.
        DamagedItems = continued?.DamagedItems ?? new DamagedItems(damaged);
        Model = model;
        Index = index;
        Served = served;
        Epoch = served is null ? index.Generation : index.Follow?.Epoch ?? 0;
        var captions = IndexBinding.RecordsOf(index.Captions);
        var keepFree = continued is null ? FeatureBank.BytesOf(RecordSide.Caption, captions) : 0;
        ImageBank = FeatureBank.Open(model, RecordSide.Image, IndexBinding.RecordsOf(index.Images), continued?.ImageBank, keepFree, progress, cancellationToken);
        try
        {
            CaptionBank = FeatureBank.Open(model, RecordSide.Caption, captions, continued?.CaptionBank, 0, progress, cancellationToken);
        }
        catch
        {
            ImageBank.Dispose();
            throw;
        }

        EncodeBatcher = new CaptionBatcher(model.TextEncoder);
        ImageEncodeBatcher = ImageItem.BatcherOf(model.ImageEncoder);
        ExplainBatcher = model.Explainer is { } explainer ? ExplainItem.BatcherOf(explainer) : null;
        TextToImage = new ScoreBatcher(model.TextToImage, Images);
        ImageToText = new ScoreBatcher(model.ImageToText, Captions);
        ImageShortlist = BatcherOf(index.Images, model);
        CaptionShortlist = BatcherOf(index.Captions, model);
        _formerFactors = continued is null ? null : continued._imageFactors is { IsValueCreated: true, Value: var made } ? made : continued._formerFactors;
        _imageFactors = new Lazy<float[]>(() => UnitFactors.Of(index.Images, _formerFactors));
        _metadata = new Lazy<MetadataIndex>(() => MetadataIndex.Build(index));
    }

    /// <summary>The model.</summary>
    public MatchingModel Model { get; }

    /// <summary>The index.</summary>
    public LocalIndex Index { get; }

    /// <summary>The catalog's index that this is; null in embedded mode.</summary>
    public ServedIndex? Served { get; }

    /// <summary>What the index is called: its name in the catalog, or that of a further index; null for a served local index.</summary>
    public string? Name { get; internal init; }

    /// <summary>The index's epoch in answers: its generation, or in catalog mode its epoch there, which all replicas share.</summary>
    public long Epoch { get; }

    /// <summary>Bank that holds the images' records.</summary>
    public FeatureBank ImageBank { get; }

    /// <summary>Bank that holds the captions' records.</summary>
    public FeatureBank CaptionBank { get; }

    /// <summary>Records of the images.</summary>
    public RecordTable Images => ImageBank.Records;

    /// <summary>Records of the captions.</summary>
    public RecordTable Captions => CaptionBank.Records;

    /// <summary>Encodes captions.</summary>
    public CaptionBatcher EncodeBatcher { get; }

    /// <summary>Encodes images that are queries.</summary>
    public SingleBatcher<ImageItem> ImageEncodeBatcher { get; }

    /// <summary>Explains pairs; null if the bundle has no explainer.</summary>
    public SingleBatcher<ExplainItem>? ExplainBatcher { get; }

    /// <summary>Scores images for captions.</summary>
    public ScoreBatcher TextToImage { get; }

    /// <summary>Scores captions for images.</summary>
    public ScoreBatcher ImageToText { get; }

    /// <summary>Exact first stage over the images.</summary>
    internal ShortlistBatcher ImageShortlist { get; }

    /// <summary>Exact first stage over the captions.</summary>
    internal ShortlistBatcher CaptionShortlist { get; }

    /// <summary>
    /// Whether any bytes of the index are known to differ from what was committed. Answers say so as long as this holds. Later
    /// generations of the same slots share this state.
    /// </summary>
    public bool IsDamaged
    {
        get => DamagedItems.AtRest;
        set => DamagedItems.AtRest = value;
    }

    /// <summary>Items that searches left out because they are damaged.</summary>
    internal DamagedItems DamagedItems { get; }

    /// <summary>Metadata of the images by key and value; built by the first request with a filter.</summary>
    public MetadataIndex Metadata => _metadata.Value;

    /// <summary>What brings each image's embedding to unit length, by slot; computed for the first search for images like an image.</summary>
    internal float[] ImageFactors => _imageFactors.Value;

    /// <summary>Releases the lease.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (--_leases > 0)
            {
                return;
            }
        }

        CloseBanks();
        Index.Dispose();
        _ended();
    }

    /// <summary>For a snapshot that was never published: releases only its banks.</summary>
    internal void CloseBanks()
    {
        ImageBank.Dispose();
        CaptionBank.Dispose();
    }

    private static ShortlistBatcher BatcherOf(IndexBank bank, MatchingModel model) =>
        new(new ExactShortlist(bank, model.Threads), bank.Slots * bank.Embedding.Spec.RowElements * sizeof(float));

    /// <summary>Takes a lease; false if the snapshot has been replaced and its last lease has ended.</summary>
    internal bool TryLease()
    {
        lock (_gate)
        {
            if (_leases == 0)
            {
                return false;
            }

            _leases++;
            return true;
        }
    }
}
