using Retrieval.Features.Npy;
using Retrieval.TestKit.Corpora;

namespace Retrieval.Cli.Tests;

/// <summary>Files of this repository, copied beside the tests.</summary>
internal static class Fixture
{
    public const string Serving = "camp-gate-fusion-new-concat";
    public const string Compact = "camp-gate-fusion-new-concat-compact";
    public const string Published = "camp-gate-fusion-new-concat-published";
    public const int Regions = Corpus.RegionCount;
    public const int Width = Corpus.RegionWidth;
    public const int Words = 56;

    public static string Of(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", name);

    public static string Bundle(string name = Serving) => Path.Combine(AppContext.BaseDirectory, "Fixtures", "bundles", name);

    /// <summary>A copy of a bundle that a test may damage.</summary>
    public static string CopyOfBundle(TemporaryFolder folder, string name = Serving) => folder.Copy(Bundle(name), "bundle");

    /// <summary>A bundle's recorded inputs and scores: what the PyTorch model gave.</summary>
    public static NpzFile Recorded(string bundle) => NpzFile.Open(Path.Combine(bundle, "parity.npz"));
}
