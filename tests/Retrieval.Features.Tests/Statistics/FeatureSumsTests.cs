using System.IO.Compression;
using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;
using Retrieval.Features.Statistics;

namespace Retrieval.Features.Tests.Statistics;

/// <summary>What is found of features that are like those that a model learned from, and of others.</summary>
public sealed class FeatureSumsTests
{
    private const int Width = 64;
    private const int Regions = 36;
    private const int Images = 200;

    [Fact]
    public void Features_of_the_same_kind_differ_by_next_to_nothing()
    {
        var difference = Compare(image => image);
        Assert.InRange(difference.Scale, 0.97, 1.03);
        Assert.InRange(difference.Correlation, 0.99, 1);
        Assert.InRange(difference.Distance, 0, 0.05);
        Assert.Equal(Images, difference.Images);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(0.25)]
    public void Another_scale_changes_the_scale_alone(float factor)
    {
        var (same, scaled) = (Compare(image => image), Compare(image => Array.ConvertAll(image, value => factor * value)));
        Assert.Equal(factor * same.Scale, scaled.Scale, 1e-4 * factor);
        Assert.Equal(same.NormSpread, scaled.NormSpread, 1e-4);
        Assert.Equal(same.Correlation, scaled.Correlation, 1e-4);
        Assert.Equal(same.Distance, scaled.Distance, 1e-4);
    }

    [Fact]
    public void Normalised_regions_have_one_norm()
    {
        var difference = Compare(Normalised);
        Assert.Equal(1, difference.MedianNorm, 1e-5);
        Assert.InRange(difference.NormSpread, 0, 1e-5);
    }

    [Fact]
    public void Another_order_of_channels_has_uncorrelated_means()
    {
        var difference = Compare(image => [.. Enumerable.Range(0, image.Length).Select(i => image[(i / Width * Width) + (((i % Width * 27) + 13) % Width)])]);
        Assert.InRange(difference.Correlation, -0.5, 0.5);
        Assert.InRange(difference.Distance, 0.5, 2);
        Assert.InRange(difference.Scale, 0.97, 1.03);
    }

    [Fact]
    public void Zeros_have_no_scale_and_no_correlation()
    {
        var difference = Compare(image => new float[image.Length]);
        Assert.Equal((0.0, 0.0, 0.0, 0.0), (difference.Scale, difference.MedianNorm, difference.NormSpread, difference.Correlation));
    }

    [Fact]
    public void Nothing_is_compared_with_nothing()
    {
        var sums = new FeatureSums(Learned());
        Assert.Null(sums.Compare());
        sums.Add(new float[Width]);
        sums.Clear();
        Assert.Null(sums.Compare());
        Assert.Throws<ArgumentOutOfRangeException>(() => sums.Add(new float[Width + 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => sums.Add([]));
    }

    [Theory]
    [InlineData("mean", new float[] { 1 }, "mean", "expected (64)")]
    [InlineData("norms", new float[] { 1, 2, 3, 2, 5 }, "ascending")]
    [InlineData("norms", new float[] { 0, 0, 0, 2, 5 }, "median above 0")]
    [InlineData("norms", new float[] { 1, 2, 3, 4, float.NaN }, "norms", "not finite")]
    [InlineData("images", new float[] { 1 }, "images")]
    [InlineData(null, null, "deviation")]
    public void What_are_no_statistics_is_refused(string? array, float[]? values, params string[] words)
    {
        using var npz = Npz((array ?? "", values), without: array is null ? "deviation" : null);
        var error = Assert.Throws<InvalidInputException>(() => FeatureStatistics.Read(npz, Width));
        Assert.All(words, word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
    }

    private static FeatureDifference Compare(Func<float[], float[]> change)
    {
        var sums = new FeatureSums(Learned());
        foreach (var image in Sample(2))
        {
            sums.Add(change(image));
        }

        return sums.Compare()!;
    }

    private static float[] Normalised(float[] image)
    {
        foreach (var start in Enumerable.Range(0, Regions))
        {
            var region = image.AsSpan(start * Width, Width);
            var norm = MathF.Sqrt(region.ToArray().Sum(value => value * value));
            foreach (ref var value in region)
            {
                value /= norm;
            }
        }

        return image;
    }

    // Regions of unlike norms, and features of unlike means, as a detector's are.
    private static List<float[]> Sample(int seed)
    {
        var random = new Random(seed);
        var images = new List<float[]>();
        for (var n = 0; n < Images; n++)
        {
            var image = new float[Regions * Width];
            for (var i = 0; i < image.Length; i++)
            {
                image[i] = (float)((1 + (i / Width % 3)) * ((i % Width / 16.0) + random.NextDouble()));
            }

            images.Add(image);
        }

        return images;
    }

    private static FeatureStatistics Learned()
    {
        using var npz = Npz(("", null), null);
        return FeatureStatistics.Read(npz, Width);
    }

    private static NpzFile Npz((string Name, float[]? Values) other, string? without)
    {
        float[][] rows = [.. Sample(1).SelectMany(image => image.Chunk(Width))];
        float[] mean = [.. Enumerable.Range(0, Width).Select(i => rows.Average(row => row[i]))];
        float[] deviation = [.. Enumerable.Range(0, Width).Select(i => MathF.Sqrt(rows.Average(row => (row[i] - mean[i]) * (row[i] - mean[i]))))];
        float[] norms = [.. rows.Select(row => MathF.Sqrt(row.Sum(value => value * value))).Order()];
        var arrays = new Dictionary<string, float[]>
        {
            ["mean"] = mean,
            ["deviation"] = deviation,
            ["norms"] = [.. new[] { 0.05, 0.25, 0.5, 0.75, 0.95 }.Select(part => norms[(int)(part * (norms.Length - 1))])],
        };
        using var folder = new TemporaryFolder();
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, values) in arrays.Where(entry => entry.Key != without))
            {
                var written = name == other.Name ? other.Values! : values;
                Write(zip, name, path => NpyWriter.Write(path, written, [written.Length]));
            }

            Write(zip, "images", path => NpyWriter.Write(path, [Images], other.Name == "images" ? [1] : []));
        }

        stream.Position = 0;
        return NpzFile.Open(stream, "statistics.npz");

        void Write(ZipArchive zip, string name, Action<string> write)
        {
            write(folder[name]);
            using var entry = zip.CreateEntry(name + ".npy").Open();
            entry.Write(File.ReadAllBytes(folder[name]));
        }
    }
}
