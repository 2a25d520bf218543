using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Local.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local.Writing;

[Trait("Promise", "4"), Trait("Promise", "15")]
public sealed class KilledWriterTests : IDisposable
{
    private const int Kills = 20;

    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_ingestion_killed_twenty_times_and_resumed_ends_as_one_that_was_not()
    {
        var random = new Random(20_240_511);
        var kills = 0;
        long rows = 0;
        var midway = 0;
        while (kills < Kills)
        {
            // Endless for the host, which is killed wherever it is: opening, appending, committing.
            using var host = HostProcess.Start("ingest", _folder.Index, "1000000", $"{random.Next(1, 200)}");
            // After some lines, which it writes once it is open and after each commit, and a moment more.
            for (var lines = random.Next(0, 4); lines > 0; lines--)
            {
                Assert.NotNull(await host.ReadLineAsync());
            }

            await Task.Delay(random.Next(0, 60), TestContext.Current.CancellationToken);
            await host.KillAsync();
            kills++;
            midway += LeftOvers();

            var next = CheckCommittedState();
            Assert.True(next >= rows, "a commit was lost");
            rows = next;
        }

        Assert.True(rows > 0, "no kill came after a commit");
        Assert.True(midway > 0, "no kill came between two commits");
        var total = rows + 100;
        using (var host = HostProcess.Start("ingest", _folder.Index, $"{total}", "13"))
        {
            Assert.Contains("done", await host.ReadToEndAsync(), StringComparison.Ordinal);
        }

        using var clean = new IndexFolder();
        using (var host = HostProcess.Start("ingest", clean.Index, $"{total}", "1000"))
        {
            Assert.Contains("done", await host.ReadToEndAsync(), StringComparison.Ordinal);
        }

        using var killedIndex = LocalIndex.Open(_folder.Index);
        using var cleanIndex = LocalIndex.Open(clean.Index);
        Assert.Equal(cleanIndex.ContentHash(TestContext.Current.CancellationToken), killedIndex.ContentHash(TestContext.Current.CancellationToken));
        Assert.Equal(cleanIndex.Images.Slots, killedIndex.Images.Slots);
        TestContext.Current.TestOutputHelper?.WriteLine($"{kills} kills, {midway} between commits, {rows} rows committed by then");
    }

    [Fact]
    public async Task A_compaction_killed_ten_times_loses_nothing_and_leaves_no_folder_behind()
    {
        var random = new Random(7);
        using (var host = HostProcess.Start("ingest", _folder.Index, "400", "50"))
        {
            await host.ReadToEndAsync();
        }

        for (var kill = 0; kill < 10; kill++)
        {
            using var host = HostProcess.Start("compact", _folder.Index);
            for (var lines = random.Next(0, 3); lines > 0; lines--)
            {
                Assert.NotNull(await host.ReadLineAsync());
            }

            await Task.Delay(random.Next(0, 100), TestContext.Current.CancellationToken);
            await host.KillAsync();
            Assert.Equal(400, CheckCommittedState());
        }

        LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema).Dispose();
        Assert.InRange(Directory.GetDirectories(_folder.Index, "data-*").Length, 1, 2);
    }

    [Fact]
    public async Task A_writer_of_another_process_is_refused_and_its_kill_frees_the_index_at_once()
    {
        using var host = HostProcess.Start("hold", _folder.Index);
        Assert.Equal("held", await host.ReadLineAsync());
        Assert.Throws<IndexLockedException>(() => LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema));
        using (LocalIndex.Open(_folder.Index))
        {
            // Readers need no lock.
        }

        await host.KillAsync();

        LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema).Dispose();
    }

    /// <summary>Compares the index, as the kill left it, with the rows its ledger names. Returns the ledger's next row.</summary>
    private long CheckCommittedState()
    {
        if (LocalIndex.TryReadGeneration(_folder.Index) is null)
        {
            // Killed before it had made the index.
            Assert.Throws<IndexMissingException>(() => LocalIndex.Open(_folder.Index));
            return 0;
        }

        using var index = LocalIndex.Open(_folder.Index);
        var next = index.Ledger.SingleOrDefault()?.NextRow ?? 0;
        Assert.Empty(index.ManifestFaults);
        IndexAssert.Holds(index, SampleCorpus.StateAfter(next));
        Assert.Empty(index.Verify(TestContext.Current.CancellationToken).Faults);
        return next;
    }

    /// <summary>1 if the kill left bytes behind the last commit.</summary>
    private int LeftOvers()
    {
        if (LocalIndex.TryReadGeneration(_folder.Index) is null)
        {
            return 0;
        }

        using var index = LocalIndex.Open(_folder.Index);
        return new FileInfo(_folder.Data("seals.bin")).Length > index.Manifest.Seals.Count * 56
            || index.Layout.Files.Any(file => new FileInfo(_folder.Data(file.Path)).Length > index.Manifest.BytesOf(file)) ? 1 : 0;
    }
}
