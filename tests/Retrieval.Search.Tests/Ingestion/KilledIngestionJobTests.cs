using System.Globalization;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;

namespace Retrieval.Search.Tests.Ingestion;

/// <summary>SIGKILL at seeded random points of a real process.</summary>
[Trait("Promise", "4")]
public sealed class KilledIngestionJobTests : IDisposable
{
    private const int Kills = 8;
    private const int Images = 1200;
    private const string Host = "Retrieval.Search.CrashHost.dll";

    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_ingestion_killed_again_and_again_ends_as_one_that_was_not()
    {
        var corpus = Corpus.Make(Images, 2, 31);
        for (var row = 7; row < Images; row += 50)
        {
            corpus.Regions[row][row] = float.NaN;
        }

        corpus.Write(_folder.Path);
        using var source = Corpus.Open(_folder.Path);
        using var clean = new IndexFolder();
        var undisturbed = await Ingest.RunAsync(source, clean.Index, Ingest.Options(8, 64) with { SourceKey = "killed" });

        var random = new Random(20_261_120);
        var committed = 0L;
        var midway = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            using var host = Start(random.Next(1, 40));
            for (var lines = random.Next(0, 16); lines > 0 && await host.ReadLineAsync() is not null; lines--)
            {
            }

            await host.KillAsync();
            if (LocalIndex.TryReadGeneration(_folder.Index) is null)
            {
                continue;
            }

            using var index = Ingest.Open(_folder.Index);
            var next = index.Ledger.SingleOrDefault()?.NextRow ?? 0;
            Assert.True(next >= committed, "a commit was lost");
            Assert.Equal(index.Ledger.SingleOrDefault()?.Ingested ?? 0, index.Images.Count);
            Assert.Empty(index.Verify(TestContext.Current.CancellationToken).Faults);
            midway += next > committed && next < Images ? 1 : 0;
            committed = next;
        }

        Assert.True(midway > 1, "no kill came between two commits");
        var resumed = await Ingest.RunAsync(source, _folder.Index, Ingest.Options(8, 64) with { SourceKey = "killed" });
        TestContext.Current.TestOutputHelper?.WriteLine($"{Kills} kills, {midway} with progress, resumed at {resumed.ResumedAtRow} of {Images}");
        Assert.Equal(Ingest.ContentHash(clean.Index), Ingest.ContentHash(_folder.Index));
        Assert.Equal(Ingest.Rejects(undisturbed), Ingest.Rejects(resumed));
        using var finished = Ingest.Open(_folder.Index);
        Assert.Equal(finished.Images.Count, finished.Images.Slots);
    }

    [Fact]
    [Trait("Promise", "13")]
    public async Task An_ingestion_that_runs_out_of_disk_says_so_and_goes_on_when_there_is_room()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits the size of files with a shell");
        Corpus.Make(200, 1, 32).Write(_folder.Path);
        using var host = Start(16, fileLimitKibibytes: 600);
        var said = await host.ReadToEndAsync();

        Assert.DoesNotContain("done", said, StringComparison.Ordinal);
        Assert.NotEqual(0, host.ExitCode);
        Assert.Contains("IndexWriteException", said, StringComparison.Ordinal);
        Assert.Contains("the disk is full", said, StringComparison.Ordinal);
        using (var index = Ingest.Open(_folder.Index))
        {
            Assert.True(index.Images.Count > 0);
            Assert.Equal(index.Ledger.Single().NextRow, index.Images.Count);
        }

        using var source = Corpus.Open(_folder.Path);
        var resumed = await Ingest.RunAsync(source, _folder.Index, Ingest.Options(8, 64) with { SourceKey = "killed" });
        Assert.True(resumed.ResumedAtRow > 0);
        using var clean = new IndexFolder();
        await Ingest.RunAsync(source, clean.Index, Ingest.Options(8, 64));
        Assert.Equal(Ingest.ContentHash(clean.Index), Ingest.ContentHash(_folder.Index));
    }

    private ChildProcess Start(int commitRows, int fileLimitKibibytes = 0)
    {
        string[] arguments = [Bundle.Path, _folder.Path, Corpus.Split, _folder.Index, "8", commitRows.ToString(CultureInfo.InvariantCulture)];
        return fileLimitKibibytes > 0 ? ChildProcess.StartWithFileLimit(fileLimitKibibytes, Host, arguments) : ChildProcess.Start(Host, arguments);
    }
}
