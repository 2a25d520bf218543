using Retrieval.Domain.Errors;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Search.Tests.Ingestion;
/// <summary>Runs that break off, are cancelled or meet a fault, and the runs that go on with them.</summary>
[Trait("Promise", "4")]
public sealed class IngestionResumeTests : IDisposable
{
    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_run_broken_off_at_any_row_and_resumed_ends_as_one_that_was_not()
    {
        var corpus = IngestionTests.Flawed(33);
        corpus.Write(_folder.Path);
        using var source = Corpus.Open(_folder.Path);
        using var clean = new IndexFolder();
        var undisturbed = await Ingest.RunAsync(source, clean.Index, commitRows: 1024);
        var hash = Ingest.ContentHash(clean.Index);
        for (var row = 0; row <= 33; row++)
        {
            using var broken = new IndexFolder();
            var commitRows = 1 + (row % 3 * 7);
            if (row < 33)
            {
                var error = await Assert.ThrowsAsync<IOException>(() => Ingest.RunAsync(new BrokenSource(source, row), broken.Index, commitRows: commitRows));
                Assert.Contains($"row {row}", error.Message, StringComparison.Ordinal);
                using var index = Ingest.Open(broken.Index);
                Assert.True((index.Ledger.SingleOrDefault()?.NextRow ?? 0) <= row);
            }

            var report = await Ingest.RunAsync(source, broken.Index, commitRows: commitRows + 5);
            Assert.Equal(hash, Ingest.ContentHash(broken.Index));
            Assert.Equal(Ingest.Rejects(undisturbed), Ingest.Rejects(report));
            using var finished = Ingest.Open(broken.Index);
            var entry = finished.Ledger.Single();
            Assert.Equal((33L, 30L, 4L, true), (entry.NextRow, entry.Ingested, entry.Rejected, entry.Completed));
        }
    }

    [Fact]
    public async Task A_cancelled_run_keeps_what_is_committed_and_resumes()
    {
        var corpus = IngestionTests.Flawed(40);
        corpus.Write(_folder.Path);
        using var source = Corpus.Open(_folder.Path);
        using var clean = new IndexFolder();
        var undisturbed = await Ingest.RunAsync(source, clean.Index);
        for (var rows = 4; rows <= 36; rows += 8)
        {
            using var cancelled = new IndexFolder();
            using var stop = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Ingest.RunAsync(source, cancelled.Index, seen: progress =>
            {
                if (progress.Rows + progress.Uncommitted >= rows)
                {
                    stop.Cancel();
                }
            }, stop: stop.Token));
            using (var index = Ingest.Open(cancelled.Index))
            {
                Assert.Equal(rows / 8 * 8, index.Ledger.SingleOrDefault()?.NextRow ?? 0);
            }

            var resumed = await Ingest.RunAsync(source, cancelled.Index);
            Assert.Equal(rows / 8 * 8, resumed.ResumedAtRow);
            Assert.Equal(Ingest.ContentHash(clean.Index), Ingest.ContentHash(cancelled.Index));
            Assert.Equal(Ingest.Rejects(undisturbed), Ingest.Rejects(resumed));
        }
    }

    [Fact]
    public async Task A_source_that_changed_between_the_runs_is_read_from_its_start()
    {
        var corpus = IngestionTests.Flawed(24);
        corpus.Write(_folder.Path);
        using (var source = Corpus.Open(_folder.Path))
        using (var stop = new CancellationTokenSource())
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Ingest.RunAsync(source, _folder.Index, seen: progress =>
            {
                if (progress.Rows == 16)
                {
                    stop.Cancel();
                }
            }, stop: stop.Token));
        }

        corpus.Captions[0][0] = "an altogether different caption than before";
        corpus.Write(_folder.Path);
        using var changed = Corpus.Open(_folder.Path);
        var report = await Ingest.RunAsync(changed, _folder.Index);

        Assert.Equal(0, report.ResumedAtRow);
        Assert.Equal((8L, 13L), (report.Progress.Ingested, report.Progress.Skipped));
        using var index = Ingest.Open(_folder.Index);
        Assert.True(index.TryGetImageSlot(corpus.Ids[0], out var slot));
        Assert.Equal("an altogether different caption than before", index.GetCaption(index.GetImage(slot).FirstCaption).Text);
        Assert.Equal(4, Ingest.Rejects(report).Length);
    }

    [Fact]
    public async Task A_restart_that_is_broken_off_is_gone_on_with_and_its_rejects_are_complete()
    {
        var source = IngestionTests.Flawed(24);
        source.Write(_folder.Path);
        using var split = Corpus.Open(_folder.Path);
        var first = await Ingest.RunAsync(split, _folder.Index);
        var rejects = Ingest.Rejects(first);
        await Assert.ThrowsAsync<IOException>(() => Ingest.RunAsync(new BrokenSource(split, 2), _folder.Index, Ingest.Options(4, 8) with { Restart = true }));

        var resumed = await Ingest.RunAsync(split, _folder.Index);

        Assert.Equal(rejects, Ingest.Rejects(resumed));
    }

    [Fact]
    public async Task A_file_cut_short_while_it_is_read_is_named_and_the_index_stays_at_its_last_commit()
    {
        Corpus.Make(64, 1, 6).Write(_folder.Path);
        using var source = Corpus.Open(_folder.Path);

        var error = await Assert.ThrowsAsync<InvalidInputException>(() => Ingest.RunAsync(source, _folder.Index, seen: progress =>
        {
            if (progress.Rows == 8)
            {
                using var stream = new FileStream(Path.Combine(_folder.Path, "made_ims.npy"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                stream.SetLength(40 * Bundle.Regions * Bundle.Width * sizeof(float));
            }
        }));

        Assert.Equal("made_ims.npy", error.File);
        Assert.Contains("cut short", error.Reason, StringComparison.Ordinal);
        using var index = Ingest.Open(_folder.Index);
        Assert.Equal(index.Ledger.Single().NextRow, index.Images.Count);
        Assert.True(index.Images.Count is >= 8 and < 40);
        Assert.Empty(index.Verify(TestContext.Current.CancellationToken).Faults);
    }

    [Fact]
    public async Task An_index_that_another_writer_holds_is_refused()
    {
        using var writer = LocalIndexWriter.OpenOrCreate(_folder.Index, IndexBinding.SchemaOf(Bundle.Model));

        var error = await Assert.ThrowsAsync<IndexLockedException>(() => Ingest.RunAsync(Corpus.Make(3, 1, 1).AsSource(), _folder.Index));

        Assert.Equal(_folder.Index, error.Path);
    }

    [Fact]
    public async Task A_run_among_ids_of_another_source_that_is_broken_off_and_resumed_refuses_the_same_rows()
    {
        var one = Corpus.Make(9, 1, 1);
        var two = Corpus.Make(24, 1, 2);
        using var clean = new IndexFolder();
        foreach (var path in new[] { clean.Index, _folder.Index })
        {
            await Ingest.RunAsync(one.AsSource(), path, Ingest.Options(4, 8) with { SourceKey = "one" });
        }

        var options = Ingest.Options(4, 4) with { SourceKey = "two" };
        var undisturbed = await Ingest.RunAsync(two.AsSource(), clean.Index, options);
        foreach (var row in new[] { 6, 14, 21 })
        {
            await Assert.ThrowsAsync<IOException>(() => Ingest.RunAsync(new BrokenSource(two.AsSource(), row), _folder.Index, options));
        }

        var resumed = await Ingest.RunAsync(two.AsSource(), _folder.Index, options);

        Assert.Equal(9, Ingest.Rejects(resumed).Length);
        Assert.Equal(Ingest.Rejects(undisturbed), Ingest.Rejects(resumed));
        Assert.Equal(Ingest.ContentHash(clean.Index), Ingest.ContentHash(_folder.Index));
    }

    [Fact]
    public async Task A_resumed_run_keeps_to_the_batches_it_began_with()
    {
        var corpus = IngestionTests.Flawed(33);
        corpus.Write(_folder.Path);
        using var source = Corpus.Open(_folder.Path);
        using var clean = new IndexFolder();
        await Ingest.RunAsync(source, clean.Index, batchRows: 4);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Ingest.RunAsync(source, _folder.Index, batchRows: 4, seen: progress =>
        {
            if (progress.Rows >= 16)
            {
                stop.Cancel();
            }
        }, stop: stop.Token));

        var resumed = await Ingest.RunAsync(source, _folder.Index, batchRows: 7);

        Assert.Equal(16, resumed.ResumedAtRow);
        Assert.Equal(Ingest.ContentHash(clean.Index), Ingest.ContentHash(_folder.Index));
        using var index = Ingest.Open(_folder.Index);
        Assert.Equal(4, index.Ledger.Single().BatchRows);
    }
}
