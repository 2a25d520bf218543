using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Text;
using Retrieval.Features.Statistics;
using Retrieval.Inference.Bundles;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Encoding;
using Retrieval.Inference.Explaining;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;
using Retrieval.Inference.Verification;

namespace Retrieval.Inference;

/// <summary>A bundle that is verified, loaded, and shown to compute on this machine what it computed at export.</summary>
public sealed class MatchingModel : IDisposable
{
    private readonly Stack<IDisposable> _parts = new();

    private MatchingModel(VerifiedBundle bundle, InferenceOptions options)
    {
        try
        {
            Manifest = bundle.Manifest;
            Fingerprint = bundle.Fingerprint;
            Threads = UsableProcessors.Threads(options.Threads);
            Device = ComputeDevice.Choose(options);
            BankBudget = BudgetOf(Device, options.BankPlacement);
            Captions = BundleCaptions.Read(bundle);
            VocabularySize = bundle.Manifest.VocabularySize;
            Statistics = BundleStatistics.Read(bundle);
            ImageEncoder = Own(new ImageEncoder(bundle, Device, options));
            TextEncoder = Own(new TextEncoder(bundle, VocabularySize, Device, options));
            TextToImage = Own(new PairScorer(bundle, RecordSide.Image, Device, options));
            ImageToText = Own(new PairScorer(bundle, RecordSide.Caption, Device, options));
            Explainer = bundle.Manifest.Graphs.Explainer is { } explainer ? Own(new PairExplainer(bundle, explainer, Device, options)) : null;
            Parity = ParityCheck.Run(bundle, this);
            ProvePlacement();
            if (Device.IsCuda)
            {
                WarmUp();
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The bundle's manifest.</summary>
    public BundleManifest Manifest { get; }

    /// <summary>The bundle's fingerprint; an index made with another bundle cannot be used with this model.</summary>
    public string Fingerprint { get; }

    /// <summary>Name and the first 12 digits of the fingerprint, e.g. <c>scenes-camp@0123456789ab</c>.</summary>
    public string Label => BundleManifest.LabelOf(Manifest.Name, Fingerprint);

    /// <summary>Where the graphs run, and why.</summary>
    public ComputeDevice Device { get; }

    /// <summary>The runtime's name for the provider of the graphs.</summary>
    public string Provider => Device.Provider;

    /// <summary>The memory budget of resident banks; null if banks stay mapped.</summary>
    internal MemoryBudget? BankBudget { get; }

    /// <summary>Threads that one computation may use, at least 1.</summary>
    public int Threads { get; }

    /// <summary>Number of words in the vocabulary.</summary>
    public int VocabularySize { get; }

    /// <summary>Converts caption text to token ids.</summary>
    public CaptionEncoder Captions { get; }

    /// <summary>What the features that the model learned from were like; null if the bundle does not say.</summary>
    public FeatureStatistics? Statistics { get; }

    /// <summary>Encodes region features to records and embeddings.</summary>
    public ImageEncoder ImageEncoder { get; }

    /// <summary>Encodes token ids to records and embeddings.</summary>
    public TextEncoder TextEncoder { get; }

    /// <summary>Scores a bank of images for caption queries.</summary>
    public PairScorer TextToImage { get; }

    /// <summary>Scores a bank of captions for image queries.</summary>
    public PairScorer ImageToText { get; }

    /// <summary>Shows how a pair's score comes about; null if the bundle has no explainer.</summary>
    public PairExplainer? Explainer { get; }

    /// <summary>How far this machine's results are from the recorded ones.</summary>
    public ParityReport Parity { get; }

    /// <summary>Loads a bundle.</summary>
    /// <exception cref="InvalidBundleException">Incomplete, edited, violating the contract, or computing other results than at export.</exception>
    /// <exception cref="DeviceException">The requested provider is not available or does not work.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static MatchingModel Load(string path, InferenceOptions? options = null)
    {
        options ??= new InferenceOptions();
        options.Validate();
        return new MatchingModel(VerifiedBundle.Read(path), options);
    }

    /// <summary>Loads a bundle that has already been read: what runs is byte for byte what the caller has seen.</summary>
    /// <inheritdoc cref="Load(string, InferenceOptions?)"/>
    public static MatchingModel Load(VerifiedBundle bundle, InferenceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        options ??= new InferenceOptions();
        options.Validate();
        return new MatchingModel(bundle, options);
    }

    /// <summary>
    /// Runs both scorers once with every batch size that they use, and the explainer once, with meaningless records. On CUDA, loading has already done this:
    /// banks then use the memory that is left.
    /// </summary>
    public void WarmUp(CancellationToken cancellationToken = default)
    {
        using var images = ImageEncoder.Encode(new float[Manifest.RegionCount * Manifest.RegionWidth], cancellationToken);
        using var captions = TextEncoder.Encode([new long[Manifest.Tokens.Max]], cancellationToken);
        TextToImage.WarmUp(images.Records, captions.Records, cancellationToken);
        ImageToText.WarmUp(captions.Records, images.Records, cancellationToken);
        Explainer?.Explain(images.Records, captions.Records, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_parts.Count == 0)
        {
            return;
        }

        while (_parts.TryPop(out var part))
        {
            part.Dispose();
        }

        NativeHeap.Trim();
    }

    private void ProvePlacement()
    {
        ImageEncoder.ProvePlacement();
        TextEncoder.ProvePlacement();
        TextToImage.ProvePlacement();
        ImageToText.ProvePlacement();
        Explainer?.ProvePlacement();
    }

    private static MemoryBudget? BudgetOf(ComputeDevice device, BankPlacement placement) => placement switch
    {
        BankPlacement.Mapped when device.IsCuda => throw new DeviceException("a bank cannot stay mapped on CUDA, where every call would move all of it: BankPlacement must be auto or resident"),
        BankPlacement.Resident => device.Budget,
        BankPlacement.Auto when device.IsCuda => device.Budget,
        _ => null,
    };

    private T Own<T>(T part)
        where T : IDisposable
    {
        _parts.Push(part);
        return part;
    }
}
