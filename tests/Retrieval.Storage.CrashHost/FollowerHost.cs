using System.Diagnostics;
using Retrieval.Storage.Local;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.CrashHost;

/// <summary>A replica as a process of its own.</summary>
internal static class FollowerHost
{
    public static async Task FollowAsync(string connection, FollowerOptions options)
    {
        await using var catalog = new Catalog(new CatalogOptions { ConnectionString = connection });
        await using var follower = new CatalogFollower(catalog, options, new Dictionary<string, IndexSchema> { [SampleCorpus.Schema.Fingerprint] = SampleCorpus.Schema });
        var step = await follower.StepAsync(new Printed());
        Console.WriteLine($"done {step.Applied}");
        Console.In.ReadToEnd();
    }

    public static async Task MeasureAsync(string connection, FollowerOptions options)
    {
        await using var catalog = new Catalog(new CatalogOptions { ConnectionString = connection });
        var active = await CatalogIndexes.FindActiveAsync(catalog) ?? throw new InvalidOperationException("no index is active");
        await using var follower = new CatalogFollower(catalog, options, new Dictionary<string, IndexSchema> { [active.Schema.Fingerprint] = active.Schema });
        if (follower.OpenCached() is not null)
        {
            throw new InvalidOperationException($"{options.CacheFolder} is not empty");
        }

        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        var step = await follower.StepAsync();
        process.Refresh();
        Console.WriteLine(
            $"{step.Applied} images, {step.Bytes / 1e6:F0} MB with {options.Streams} streams in {clock.Elapsed.TotalSeconds:F1} s: {step.Bytes / 1e6 / clock.Elapsed.TotalSeconds:F0} MB/s; "
            + $"{(process.TotalProcessorTime - before).TotalSeconds:F1} s of processor time, {process.PeakWorkingSet64 >> 20} MiB at most");
    }

    private sealed class Printed : IProgress<HydrationProgress>
    {
        public void Report(HydrationProgress value) => Console.WriteLine($"rows {value.Rows} of {value.TotalRows}");
    }
}
