using System.Globalization;
using Retrieval.Domain.Errors;
using Retrieval.Features.Arrays;
using Retrieval.Features.Hdf5;
using Retrieval.Features.Sources;
using Retrieval.Features.Tsv;

namespace Retrieval.Features.Tests.Fuzzing;

/// <summary>
/// Reads damaged files. Whatever is in a file, its reader ends with an <see cref="InvalidInputException"/> that names a file or an
/// option, or with rejects and with images that keep the rules; it never throws anything else, and never takes more memory than
/// the largest image may.
/// </summary>
/// <param name="folder">Where the files are written.</param>
/// <param name="seed">Decides everything. A case is told by the seed and its number.</param>
public sealed class ReaderFuzz(string folder, int seed)
{
    // Eight times the largest image, in double precision, as a reader holds it several times while it converts it.
    private const long MostBytes = 8L * SampleRules.MaxElements * sizeof(double);

    // PureHDF makes arrays of the sizes that a file says, up to the largest there is, and for several rows one after another.
    // Hdf5Stream refuses to fill them, and they are given back at once.
    private const long MostBytesOfHdf5 = 8L << 30;
    private const int MostItems = 10_000;

    private readonly List<(string Name, FuzzFiles Files, Func<IFeatureSource> Open)> _forms = Forms(folder);

    /// <summary>What became of the cases, by form.</summary>
    public SortedDictionary<string, (long Refused, long Rejects, long Images)> Counts { get; } = new(StringComparer.Ordinal);

    /// <summary>Bytes of memory that the costliest case asked for.</summary>
    public long Most { get; private set; }

    /// <summary>One case.</summary>
    /// <param name="number">Its number.</param>
    /// <exception cref="InvalidOperationException">The reader broke its promise; says the case.</exception>
    public void Run(long number)
    {
        var random = new Random(HashCode.Combine(seed, number));
        var (name, files, open) = _forms[(int)(number % _forms.Count)];
        files.Write(random);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var (refused, rejects, images) = Counts.GetValueOrDefault(name);
        try
        {
            using var source = open();
            foreach (var item in source.ReadFrom(random.Next(3)).Take(MostItems))
            {
                (rejects, images) = item is RejectedSample reject ? (rejects + Checked(reject), images) : (rejects, images + Checked((ImageSample)item));
            }
        }
        catch (InvalidInputException e) when ((e.File ?? e.Field) is not null && e.Reason.Length > 0)
        {
            refused++;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(Case(name, number, e.ToString()), e);
        }

        Counts[name] = (refused, rejects, images);
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Most = Math.Max(Most, taken);
        if (taken > (name == "hdf5" ? MostBytesOfHdf5 : MostBytes))
        {
            throw new InvalidOperationException(Case(name, number, string.Create(CultureInfo.InvariantCulture, $"{taken} bytes of memory, expected at most {MostBytes}")));
        }
    }

    private string Case(string form, long number, string what) => string.Create(CultureInfo.InvariantCulture, $"{form}, seed {seed}, case {number}: {what}");

    private static int Checked(RejectedSample reject) => reject.Source.Length > 0 && reject.Reason.Length > 0 ? 1 : throw new InvalidDataException($"a reject without file or reason: {reject}");

    private static int Checked(ImageSample image)
    {
        var fault = SampleRules.CheckId(image.Id) ?? SampleRules.CheckShape(image.RegionCount, image.RegionWidth, FuzzFiles.Expected)
            ?? SampleRules.CheckFinite(image.Regions.Span, image.RegionWidth, "feature") ?? image.Captions.Select(SampleRules.CheckCaption).FirstOrDefault(bad => bad is not null)
            ?? (image.Regions.Length != image.RegionCount * image.RegionWidth ? "another number of features than its shape has" : null)
            ?? (image.Boxes is { } boxes ? boxes.Length != image.RegionCount * 4 ? "another number of coordinates than four a region" : SampleRules.CheckFinite(boxes.Span, 4, "coordinate") : null);
        return fault is null ? 1 : throw new InvalidDataException($"an image that breaks a rule: {fault}");
    }

    private static List<(string Name, FuzzFiles Files, Func<IFeatureSource> Open)> Forms(string folder)
    {
        string At(string name) => Path.Combine(folder, name);

        return
        [
            .. FuzzFiles.Tsvs(folder).Select(files => ("tsv", files, (Func<IFeatureSource>)(() => DetectorTsvSource.Open(At("a.tsv"), null, FuzzFiles.Expected)))),
            .. FuzzFiles.Captions(folder).Select(files => ("captions", files, (Func<IFeatureSource>)(() => DetectorTsvSource.Open(At("whole.tsv"), At("captions"), FuzzFiles.Expected)))),
            .. FuzzFiles.Splits(folder).Select(files => ("split", files, (Func<IFeatureSource>)(() => PrecomputedSplitSource.Open(folder, "s", FuzzFiles.Expected)))),
            .. FuzzFiles.Arrays(folder).Select(files => ("arrays", files, (Func<IFeatureSource>)(() => ArrayFolderSource.Open(At("arrays"), null, FuzzFiles.Expected)))),
            .. FuzzFiles.Hdf5s(folder).Select(files => ("hdf5", files, (Func<IFeatureSource>)(() => Hdf5Source.Open(At("a.h5"), null, FuzzFiles.Expected)))),
        ];
    }
}
