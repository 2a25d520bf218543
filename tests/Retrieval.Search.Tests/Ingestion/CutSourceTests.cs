using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;
using Retrieval.Features.Tsv;
using Retrieval.Search.Ingestion;

namespace Retrieval.Search.Tests.Ingestion;

/// <summary>Files cut at every percent of their length, given to an ingestion into an index that serves something already.</summary>
[Trait("Promise", "6")]
public sealed class CutSourceTests : IDisposable
{
    private const int Images = 12;
    private const int CaptionsPerImage = 2;
    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ims.npy")]
    [InlineData("boxes.npy")]
    [InlineData("caps.txt")]
    [InlineData("ids.txt")]
    [InlineData("metadata.jsonl")]
    public async Task A_file_of_a_split_cut_at_any_percent_is_refused_by_name_and_what_was_there_stays(string file)
    {
        var corpus = Corpus.Make(Images, CaptionsPerImage, 3);
        corpus.Write(_folder.Path);
        await IngestAsync();
        var before = Ingest.ContentHash(_folder.Index);
        // Whatever slips through would be new rows, not rows that are skipped for being known.
        corpus.Rename("other-");
        corpus.Write(_folder.Path);
        var name = $"{Corpus.Split}_{file}";
        var path = Path.Combine(_folder.Path, name);
        var whole = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);

        for (var percent = 0; percent < 100; percent++)
        {
            var length = whole.Length * percent / 100;
            await File.WriteAllBytesAsync(path, whole[..length], TestContext.Current.CancellationToken);
            if (CutsNothingButTheLastLine(whole, length, file))
            {
                // A text may end without a line break: its last line is cut short, and no file says how long it was.
                continue;
            }

            var error = await Assert.ThrowsAsync<InvalidInputException>(IngestAsync);
            // With as many captions as rows it is the rows that do not fit: each image would be there once a caption.
            Assert.Contains(error.File, file == "caps.txt" ? [name, $"{Corpus.Split}_ims.npy"] : new[] { name });
            Assert.Equal(before, Ingest.ContentHash(_folder.Index));
        }

        await File.WriteAllBytesAsync(path, whole, TestContext.Current.CancellationToken);
        await IngestAsync();
        using var index = Ingest.Open(_folder.Index);
        Assert.Equal(2 * Images, index.Images.Count);
    }

    [Fact]
    public async Task Of_a_tsv_file_cut_at_any_percent_whole_lines_are_stored_and_the_torn_one_is_listed_with_its_place()
    {
        var lines = Enumerable.Range(0, Images).Select(Line).ToArray();
        var whole = Encoding.ASCII.GetBytes(string.Concat(lines));
        var path = Path.Combine(_folder.Path, "features.tsv");
        for (var percent = 1; percent < 100; percent++)
        {
            var length = whole.Length * percent / 100;
            await File.WriteAllBytesAsync(path, whole[..length], TestContext.Current.CancellationToken);
            if (whole[..length].Count(c => c == '\t') < 5)
            {
                // What is left has not the columns of one image.
                Assert.Equal("features.tsv", Assert.Throws<InvalidInputException>(() => DetectorTsvSource.Open(path, null, Bundle.Expectation)).File);
                continue;
            }

            using var folder = new IndexFolder();
            using var source = DetectorTsvSource.Open(path, null, Bundle.Expectation);

            IngestionReport report;
            try
            {
                report = await Ingest.RunAsync(source, folder.Index);
            }
            catch (SourceRefusedException refused)
            {
                // Nothing but a torn line is no source.
                report = refused.Report!;
            }

            var kept = whole[..length].Count(value => value == '\n');
            var torn = length > 0 && whole[length - 1] != '\n';
            // A line is whole without its line break, too.
            var last = torn && whole[length] == '\n' ? 1 : 0;
            Assert.Equal((kept + last, torn ? 1 - last : 0), (report.Progress.Ingested, report.Progress.Rejected));
            if (report.Progress.Rejected > 0)
            {
                var reject = Assert.Single(report.FirstRejects);
                Assert.Equal("features.tsv", reject.Source);
                Assert.StartsWith($"line {kept + 1}: ", reject.Reason, StringComparison.Ordinal);
            }

            using var index = Ingest.Open(folder.Index);
            Assert.Equal(kept + last, index.Images.Count);
        }
    }

    private static bool CutsNothingButTheLastLine(byte[] whole, int length, string file) =>
        !file.EndsWith(".npy", StringComparison.Ordinal) && length > whole.AsSpan(..^1).LastIndexOf((byte)'\n') + 1;

    private static string Line(int image)
    {
        var random = new Random(image);
        var features = new byte[Bundle.Regions * Bundle.Width * sizeof(float)];
        var values = Corpus.RandomRegions(random);
        Buffer.BlockCopy(values, 0, features, 0, features.Length);
        var boxes = new byte[Bundle.Regions * 4 * sizeof(float)];
        return $"{image}\t640\t480\t{Bundle.Regions}\t{Convert.ToBase64String(boxes)}\t{Convert.ToBase64String(features)}\n";
    }

    // How many captions an image has is said: told from the files, half of them would be one each.
    private async Task IngestAsync()
    {
        using var source = PrecomputedSplitSource.Open(_folder.Path, Corpus.Split, Bundle.Expectation with { CaptionsPerImage = CaptionsPerImage });
        await Ingest.RunAsync(source, _folder.Index, Ingest.Options(4, 8) with { Restart = true });
    }
}
