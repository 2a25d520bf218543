namespace Retrieval.Domain.Bundles;

/// <summary>
/// Content of <c>bundle.json</c> for one exported model: the shapes and names the engine needs to run it. The engine knows
/// nothing else about a model, so it can serve any model with two encoders and a pair scorer.
/// </summary>
public sealed record BundleManifest
{
    /// <summary>The only format this version reads.</summary>
    public const string SupportedFormat = "retrieval-bundle/1";

    /// <summary>Name of the file inside a bundle.</summary>
    public const string FileName = "bundle.json";

    /// <summary>How a bundle is called where its version matters: its name and the first 12 digits of its fingerprint, e.g. <c>scenes-camp@0123456789ab</c>.</summary>
    public static string LabelOf(string name, string fingerprint) => $"{name}@{fingerprint.AsSpan(0, 12)}";

    /// <summary>Name for people, e.g. <c>scenes-camp</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The matching system, e.g. <c>camp-gate-fusion-new</c>.</summary>
    public required string System { get; init; }

    /// <summary><c>serving</c> (one-sided work folded into the records) or <c>published</c> (as the authors wrote it).</summary>
    public required string Form { get; init; }

    /// <summary><c>fast</c> or <c>compact</c>: which fields are stored and which are computed per pair.</summary>
    public required string Profile { get; init; }

    /// <summary>Arithmetic of the scorers: <c>float32</c>, <c>float16</c> or <c>int8</c>. Records have their own types.</summary>
    public required string Precision { get; init; }

    /// <summary>How many regions an image may have (36 for the published features).</summary>
    public required RegionRange Regions { get; init; }

    /// <summary>The most regions of an image; of every image where their number is fixed.</summary>
    public int RegionCount => Regions.Most;

    /// <summary>Values per region feature (2048 for the published features).</summary>
    public required int RegionWidth { get; init; }

    /// <summary>How captions become token ids.</summary>
    public required TokenSpec Tokens { get; init; }

    /// <summary>Width of the coarse embedding; compared by inner product.</summary>
    public required int EmbeddingWidth { get; init; }

    /// <summary>How the embedding came about, e.g. <c>slots</c>: for people, the engine does not need it.</summary>
    public required string EmbeddingSource { get; init; }

    /// <summary>How hits are ordered, and the shortlists; null if by the score alone, with the configured shortlist.</summary>
    public RankingSpec? Ranking { get; init; }

    /// <summary>What the scorers' graphs give of a pair.</summary>
    public ScoreTransform Transform => Ranking?.Transform ?? ScoreTransform.Identity;

    /// <summary>Fields of an image record.</summary>
    public required IReadOnlyList<FieldSpec> ImageFields { get; init; }

    /// <summary>Fields of a caption record.</summary>
    public required IReadOnlyList<FieldSpec> CaptionFields { get; init; }

    /// <summary>The graphs.</summary>
    public required BundleGraphs Graphs { get; init; }

    /// <summary>Name of the vocabulary file.</summary>
    public required string VocabularyFile { get; init; }

    /// <summary>Number of words in the vocabulary.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The recorded vectors.</summary>
    public required ParitySpec Parity { get; init; }

    /// <summary>Name of the file with statistics of the region features that the model learned from; null if there is none.</summary>
    public string? StatisticsFile { get; init; }

    /// <summary>Every file of the bundle except <c>bundle.json</c>, by name. No other file is ever opened.</summary>
    public required IReadOnlyDictionary<string, BundleFile> Files { get; init; }
}
