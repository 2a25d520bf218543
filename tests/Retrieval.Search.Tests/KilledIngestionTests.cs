using System.Diagnostics;
using System.Globalization;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Tests;

/// <summary>SIGKILL at seeded random points of a real process.</summary>
public sealed class KilledIngestionTests : IDisposable
{
    private const int Kills = 8;
    private const int Images = 1200;

    private readonly TempFolder _folder = new();

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
        using var clean = new TempFolder();
        var undisturbed = await Ingest.RunAsync(source, clean.Index, Ingest.Options(8, 64) with { SourceKey = "killed" });

        var random = new Random(20_261_120);
        var committed = 0L;
        var midway = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            using var host = Start(random.Next(1, 40));
            for (var lines = random.Next(0, 16); lines > 0 && await host.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is not null; lines--)
            {
            }

            host.Kill();
            await host.WaitForExitAsync(TestContext.Current.CancellationToken);
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

    private Process Start(int commitRows)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        string[] arguments = ["exec", Path.Combine(AppContext.BaseDirectory, "Retrieval.Search.CrashHost.dll"),
            Bundle.Path, _folder.Path, Corpus.Split, _folder.Index, "8", commitRows.ToString(CultureInfo.InvariantCulture)];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // A diagnostics socket left by a killed process only fills /tmp.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return Process.Start(start)!;
    }
}
