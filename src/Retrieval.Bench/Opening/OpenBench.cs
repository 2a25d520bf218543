using System.Diagnostics;
using System.Globalization;
using Retrieval.Domain.Bundles;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Rows;

namespace Retrieval.Bench.Opening;

/// <summary>
/// Measures what each followed generation costs a replica before its first query: opening the index, and building the table of ids.
/// The index has minimal records: they are mapped, and cost nothing here. It is in the temporary folder.
/// </summary>
internal sealed class OpenBench(OpenOptions options)
{
    private const int Batch = 10_000;
    private const int Captions = 2;
    private const int Words = 3;
    private const int Width = 4;

    private static readonly IndexSchema Schema = new(new string('b', 64), "bench", Width, [], [new FieldSpec("w", ElementType.Float16, [1], Ragged: true)]);

    public async Task<OpenReport> RunAsync(IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("retrieval-bench-");
        try
        {
            return await RunAsync(folder.FullName, progress, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<OpenReport> RunAsync(string folder, IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        using var writer = LocalIndexWriter.OpenOrCreate(folder, Schema);
        for (var first = 0; first < options.Images; first += Batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = Math.Min(Batch, options.Images - first);
            _ = writer.Append(Rows(first, count));
            progress.Report(("index", (double)(first + count) / options.Images));
        }

        await writer.CommitAsync(cancellation: cancellationToken).ConfigureAwait(false);
        var (nothing, continued) = (new List<(double Open, double Lookups)>(), new List<(double Open, double Lookups)>());
        var (former, _) = Open(folder, null);
        try
        {
            for (var round = 0; round < options.Repetitions; round++)
            {
                _ = writer.Append(Rows((int)((long)round * options.Changed % (options.Images - options.Changed + 1)), options.Changed));
                await writer.CommitAsync(cancellation: cancellationToken).ConfigureAwait(false);
                var (fresh, freshTimes) = Open(folder, null);
                fresh.Dispose();
                var (next, nextTimes) = Open(folder, former);
                former.Dispose();
                former = next;
                nothing.Add(freshTimes);
                continued.Add(nextTimes);
                progress.Report(("open", (round + 1.0) / options.Repetitions));
            }
        }
        finally
        {
            former.Dispose();
        }

        return new OpenReport(Machine.Current(), options, Times(nothing), Times(continued));
    }

    private static (LocalIndex Index, (double Open, double Lookups) Times) Open(string folder, LocalIndex? former)
    {
        var began = Stopwatch.GetTimestamp();
        var index = LocalIndex.Open(folder, Schema, former);
        var opened = Stopwatch.GetTimestamp();
        index.PrepareLookups();
        return (index, (Stopwatch.GetElapsedTime(began, opened).TotalMilliseconds, Stopwatch.GetElapsedTime(opened).TotalMilliseconds));
    }

    private static OpeningTimes Times(List<(double Open, double Lookups)> times) =>
        new(Samples.Of(times.Select(time => time.Open)), Samples.Of(times.Select(time => time.Lookups)));

    private static ImageRows Rows(int first, int count) => new()
    {
        SourceKey = "bench",
        Images = [.. Enumerable.Range(first, count).Select(i => new ImageEntry(string.Create(CultureInfo.InvariantCulture, $"image-{i:d9}.jpg"), new byte[32], ["one", "two"]))],
        ImageFields = new FieldRows { Embedding = new byte[count * Width * sizeof(float)], Fields = new Dictionary<string, ReadOnlyMemory<byte>>() },
        CaptionFields = new FieldRows
        {
            Embedding = new byte[count * Captions * Width * sizeof(float)],
            Fields = new Dictionary<string, ReadOnlyMemory<byte>> { ["w"] = new byte[count * Captions * Words * 2] },
            Lengths = Enumerable.Repeat(Words, Captions * count).ToArray(),
        },
    };
}
