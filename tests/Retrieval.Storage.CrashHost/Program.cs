using Retrieval.Domain.Errors;
using Retrieval.Storage.CrashHost;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Postgres.Following;
using Retrieval.Storage.Rows;
using Retrieval.TestKit.Samples;

// ingest PATH ROWS COMMIT_EVERY: reads the sample source from where the index's ledger ends; resumes after any kill.
// hold PATH: takes the writer's lock and keeps it until its input ends.
// compact PATH: compacts, again and again.
// fill PATH: appends and commits until writing fails, and says how.
// catalog-ingest CONNECTION INDEX ROWS BATCH: reads the sample source into an index of a catalog, from where its ledger ends.
// follow CONNECTION CACHE CHUNK_BYTES COMMIT_BYTES: makes a replica of the catalog's active index, and says how far it is.
try
{
    switch (args)
    {
        case ["ingest", var path, var rows, var every]:
            await IngestAsync(path, int.Parse(rows), int.Parse(every));
            return 0;
        case ["hold", var path]:
            using (LocalIndexWriter.OpenOrCreate(path, SampleCorpus.Schema))
            {
                Console.WriteLine("held");
                Console.In.ReadToEnd();
            }

            return 0;
        case ["compact", var path]:
            for (var i = 0; ; i++)
            {
                Console.WriteLine($"compacted to {await LocalIndexCompactor.CompactAsync(path)}");
            }

        case ["fill", var path]:
            await FillAsync(path);
            return 0;
        case ["catalog-ingest", var connection, var index, var rows, var every]:
            await CatalogHost.IngestAsync(connection, index, long.Parse(rows), int.Parse(every));
            return 0;
        case ["follow", var connection, var cache, var chunk, var commit]:
            await FollowerHost.FollowAsync(connection, new FollowerOptions { CacheFolder = cache, ChunkBytes = int.Parse(chunk), CommitBytes = long.Parse(commit) });
            return 0;
        default:
            Console.Error.WriteLine("see the first lines of Program.cs");
            return 2;
    }
}
catch (RetrievalException e)
{
    Console.WriteLine($"{e.GetType().Name}: {e.Message}");
    return 3;
}

static async Task IngestAsync(string path, int rows, int every)
{
    using var writer = LocalIndexWriter.OpenOrCreate(path, SampleCorpus.Schema);
    var next = writer.Ledger.TryGetValue("sample", out var entry) ? (int)entry.NextRow : 0;
    Console.WriteLine($"open at {next}");
    while (next < rows)
    {
        var end = Math.Min(rows, next + every);
        for (; next < end; next++)
        {
            SampleCorpus.Apply(next, (id, version) => writer.Append(SampleCorpus.Batch(id, version)), id => writer.Delete(id));
        }

        await writer.CommitAsync([new SourceCheckpoint("sample", "1", next, next, 0, 0, 0, next == rows)]);
        Console.WriteLine($"committed {next}");
    }

    Console.WriteLine("done");
}

static async Task FillAsync(string path)
{
    using var writer = LocalIndexWriter.OpenOrCreate(path, SampleCorpus.Schema);
    for (var batch = 0; ; batch++)
    {
        var ids = Enumerable.Range(0, 200).Select(i => ($"image-{batch}-{i}", 0));
        writer.Append(SampleCorpus.Batch(ids));
        await writer.CommitAsync();
        Console.WriteLine($"committed {writer.Generation}");
    }
}
