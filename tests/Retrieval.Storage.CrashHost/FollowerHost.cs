using Retrieval.Storage.Local;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Following;
using Retrieval.TestKit.Samples;

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

    private sealed class Printed : IProgress<HydrationProgress>
    {
        public void Report(HydrationProgress value)
        {
            Console.WriteLine($"rows {value.Rows} of {value.TotalRows}");
            if (value.Rows == 380)
            {
                // Whoever kills it may be late.
                Console.In.ReadToEnd();
            }
        }
    }
}
