using System.Text;
using Retrieval.Domain.Bundles;

namespace Retrieval.Bench.Ingestion;

/// <summary>Writes a split of any size that uses no disk space: features of zero in a sparse file, and captions.</summary>
internal static class SparseSplit
{
    public const string Name = "bench";

    /// <summary>Description for readers of the numbers.</summary>
    public const string Features = "zeros, from a file with a hole: nothing is read from the disk, all images are alike";

    public static void Write(string folder, int images, int captionsPerImage, int words, BundleManifest manifest, IReadOnlyList<string> vocabulary)
    {
        var text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({images}, {manifest.RegionCount}, {manifest.RegionWidth}), }}".PadRight(117) + "\n";
        using (var file = new FileStream(Path.Combine(folder, $"{Name}_ims.npy"), FileMode.CreateNew, FileAccess.Write))
        {
            file.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. Encoding.ASCII.GetBytes(text)]);
            file.SetLength(file.Length + ((long)images * manifest.RegionCount * manifest.RegionWidth * sizeof(float)));
        }

        if (captionsPerImage == 0)
        {
            return;
        }

        var random = new Random(1);
        using var captions = new StreamWriter(Path.Combine(folder, $"{Name}_caps.txt")) { NewLine = "\n" };
        for (var caption = 0L; caption < (long)images * captionsPerImage; caption++)
        {
            captions.WriteLine(string.Join(' ', Enumerable.Range(0, words).Select(_ => vocabulary[random.Next(vocabulary.Count)])));
        }
    }
}
