using Retrieval.Features.Npy;

namespace Retrieval.Cli.Tests;

/// <summary>Files of this repository, copied beside the tests.</summary>
internal static class Fixture
{
    public const string Serving = "camp-gate-fusion-new-concat";
    public const string Compact = "camp-gate-fusion-new-concat-compact";
    public const string Published = "camp-gate-fusion-new-concat-published";
    public const int Regions = 36;
    public const int Width = 64;
    public const int Words = 56;

    public static string Of(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", name);

    public static string Bundle(string name = Serving) => Path.Combine(AppContext.BaseDirectory, "Fixtures", "bundles", name);

    /// <summary>A copy of a bundle that a test may damage.</summary>
    public static string CopyOfBundle(TemporaryFolder folder, string name = Serving)
    {
        var copy = Directory.CreateDirectory(folder["bundle"]).FullName;
        foreach (var file in Directory.GetFiles(Bundle(name)))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return copy;
    }

    /// <summary>A bundle's recorded inputs and scores: what the PyTorch model gave.</summary>
    public static NpzFile Recorded(string bundle) => NpzFile.Open(Path.Combine(bundle, "parity.npz"));
}
