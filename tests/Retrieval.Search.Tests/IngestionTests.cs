using System.Text.Json;
using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;
using Retrieval.Features.Sources;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Search.Tests;

public sealed class IngestionTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_split_is_stored_whole()
    {
        var corpus = Corpus.Make(21, 3, 1);
        corpus.Write(_folder.Path);
        using var source = Corpus.Open(_folder.Path);

        var report = await Ingest.RunAsync(source, _folder.Index);

        Assert.Equal((21, 0, 0, 63), (report.Progress.Ingested, report.Progress.Skipped, report.Progress.Rejected, report.Progress.Captions));
        Assert.Equal(0, report.ResumedAtRow);
        Assert.Empty(Ingest.Rejects(report));
        using var index = Ingest.Open(_folder.Index);
        Assert.Equal(report.Generation, index.Generation);
        Assert.Equal((21, 63), (index.Images.Count, index.Captions.Count));
        Assert.True(index.Ledger.Single() is { Completed: true, NextRow: 21, Ingested: 21 });
        for (var i = 0; i < corpus.Count; i++)
        {
            Assert.True(index.TryGetImageSlot(corpus.Ids[i], out var slot));
            var image = index.GetImage(slot);
            Assert.Equal(corpus.Captions[i], Enumerable.Range(0, 3).Select(n => index.GetCaption(image.FirstCaption + n).Text));
            Assert.Equal(Bundle.Regions * 4, image.Boxes.Count);
            Assert.Equal(i % 5 == 4, image.Metadata.IsEmpty);
        }
    }

    [Fact]
    public async Task A_second_run_changes_nothing()
    {
        Corpus.Make(13, 2, 2).Write(_folder.Path);
        using var source = Corpus.Open(_folder.Path);
        var first = await Ingest.RunAsync(source, _folder.Index);
        var hash = Ingest.ContentHash(_folder.Index);

        var second = await Ingest.RunAsync(source, _folder.Index);

        Assert.Equal(first.Generation, second.Generation);
        Assert.Equal((13, 0L), (second.ResumedAtRow, second.Progress.Ingested));
        Assert.Equal(hash, Ingest.ContentHash(_folder.Index));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_source_read_anew_skips_what_is_unchanged(bool restart)
    {
        var corpus = Corpus.Make(13, 2, 2);
        await Ingest.RunAsync(corpus.AsSource("1"), _folder.Index);
        var hash = Ingest.ContentHash(_folder.Index);

        var again = await Ingest.RunAsync(corpus.AsSource(restart ? "1" : "2"), _folder.Index, Ingest.Options(4, 8) with { Restart = restart });

        Assert.Equal((0, 0L, 13L), (again.ResumedAtRow, again.Progress.Ingested, again.Progress.Skipped));
        Assert.Equal(hash, Ingest.ContentHash(_folder.Index));
        using var index = Ingest.Open(_folder.Index);
        Assert.Equal(13, index.Images.Slots);
    }

    [Fact]
    public async Task A_changed_image_is_replaced_and_the_others_are_left_alone()
    {
        var corpus = Corpus.Make(13, 2, 3);
        await Ingest.RunAsync(corpus.AsSource("1"), _folder.Index);
        corpus.Captions[5] = ["a red dog", "something new", "and a third one"];
        corpus.Regions[7] = Corpus.RandomRegions(new Random(99));

        var again = await Ingest.RunAsync(corpus.AsSource("2"), _folder.Index);

        Assert.Equal((2L, 2L, 11L), (again.Progress.Ingested, again.Progress.Replaced, again.Progress.Skipped));
        using (var index = Ingest.Open(_folder.Index))
        {
            Assert.Equal((2L, 2L), (index.Ledger.Single().Ingested, index.Ledger.Single().Replaced));
            Assert.Equal((13, 15, 27), (index.Images.Count, index.Images.Slots, index.Captions.Count));
            Assert.True(index.TryGetImageSlot(corpus.Ids[5], out var slot));
            Assert.Equal(13, slot);
            Assert.Equal("something new", index.GetCaption(index.GetImage(slot).FirstCaption + 1).Text);
            Assert.False(index.Images.IsLive(5));
        }

        using var clean = new TempFolder();
        await Ingest.RunAsync(corpus.AsSource(), clean.Index, batchRows: 1);
        using var one = Ingest.Open(clean.Index);
        using var two = Ingest.Open(_folder.Index);
        Assert.All(corpus.Ids, id =>
        {
            Assert.True(one.TryGetImageSlot(id, out var a) && two.TryGetImageSlot(id, out var b) && one.GetImage(a).ContentHash.Span.SequenceEqual(two.GetImage(b).ContentHash.Span));
        });
    }

    [Fact]
    public async Task Rows_that_cannot_be_used_are_listed_with_place_and_reason_and_the_others_are_stored()
    {
        var corpus = Corpus.Make(20, 2, 4);
        corpus.Regions[3][77] = float.NaN;
        corpus.Regions[4][0] = float.NegativeInfinity;
        corpus.Captions[6][1] = "   ";
        corpus.Captions[8][0] = "a dog\0cat";
        corpus.Ids[11] = corpus.Ids[2];
        corpus.Regions[14].AsSpan().Fill(1e38f);
        corpus.Metadata[16] = "[1]";
        corpus.Write(_folder.Path);
        using var source = Corpus.Open(_folder.Path);

        var report = await Ingest.RunAsync(source, _folder.Index);

        Assert.Equal((13L, 7L), (report.Progress.Ingested, report.Progress.Rejected));
        var lines = Ingest.Rejects(report).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var expected = new (int Row, string Source, string Reason)[]
        {
            (3, "made_ims.npy", "NaN"), (4, "made_ims.npy", "Infinity"), (6, "made_caps.txt", "caption 1"), (8, "made_caps.txt", "NUL"),
            (11, "made_ids.txt", "row 2"), (14, "model", "not finite"), (16, "made_metadata.jsonl", "Array"),
        };
        Assert.Equal(expected.Select(reject => (long)reject.Row), lines.Select(line => line.GetProperty("row").GetInt64()));
        foreach (var (line, (row, file, reason)) in lines.Zip(expected))
        {
            Assert.Equal(file, line.GetProperty("source").GetString());
            Assert.Equal(corpus.Ids[row], line.GetProperty("id").GetString());
            Assert.Contains(reason, line.GetProperty("reason").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal(expected.Select(reject => (long)reject.Row), report.FirstRejects.Select(reject => reject.Row));
        using var index = Ingest.Open(_folder.Index);
        Assert.Equal((13, 7L), (index.Images.Count, index.Ledger.Single().Rejected));
    }

    [Fact]
    public async Task An_image_that_becomes_unusable_leaves_what_was_there_before()
    {
        var corpus = Corpus.Make(6, 1, 5);
        await Ingest.RunAsync(corpus.AsSource("1"), _folder.Index);
        var hash = Ingest.ContentHash(_folder.Index);
        corpus.Regions[2].AsSpan().Fill(float.MaxValue);

        var again = await Ingest.RunAsync(corpus.AsSource("2"), _folder.Index);

        Assert.Equal(1, again.Progress.Rejected);
        Assert.Equal(hash, Ingest.ContentHash(_folder.Index));
    }

    [Theory]
    [InlineData(35, 64)]
    [InlineData(36, 63)]
    [InlineData(37, 64)]
    [InlineData(64, 36)]
    public async Task Features_of_another_shape_are_refused(int count, int width)
    {
        NpyWriter.Write(Path.Combine(_folder.Path, "made_ims.npy"), new float[2 * count * width], 2, count, width);
        var error = Assert.Throws<InvalidInputException>(() => Corpus.Open(_folder.Path));
        Assert.Equal("made_ims.npy", error.File);

        // And from a source that was not told what the model takes.
        using var careless = PrecomputedSplitSource.Open(_folder.Path, Corpus.Split, new FeatureExpectation());
        var report = await Ingest.RunAsync(careless, _folder.Index);
        Assert.Equal((0L, 2L), (report.Progress.Ingested, report.Progress.Rejected));
        Assert.All(report.FirstRejects, reject => Assert.Contains($"{count} regions of {width}", reject.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dry_run_reports_and_writes_nothing()
    {
        var corpus = Corpus.Make(20, 2, 4);
        corpus.Regions[3][77] = float.NaN;
        corpus.Write(_folder.Path);
        using var source = Corpus.Open(_folder.Path);

        var report = await Ingest.RunAsync(source, _folder.Index, Ingest.Options(4, 8) with { DryRun = true });

        Assert.False(Directory.Exists(_folder.Index));
        Assert.Equal((20L, 19L, 1L), (report.Progress.Rows, report.Progress.Ingested, report.Progress.Rejected));
        Assert.Null(report.Generation);
        Assert.Null(report.RejectsFile);
        Assert.Equal(3, Assert.Single(report.FirstRejects).Row);
    }

    [Fact]
    public async Task A_run_broken_off_at_any_row_and_resumed_ends_as_one_that_was_not()
    {
        var corpus = Flawed(33);
        corpus.Write(_folder.Path);
        using var source = Corpus.Open(_folder.Path);
        using var clean = new TempFolder();
        var undisturbed = await Ingest.RunAsync(source, clean.Index, commitRows: 1024);
        var hash = Ingest.ContentHash(clean.Index);
        for (var row = 0; row <= 33; row++)
        {
            using var broken = new TempFolder();
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
            Assert.Equal((33L, 29L, 4L, true), (entry.NextRow, entry.Ingested, entry.Rejected, entry.Completed));
        }
    }

    [Fact]
    public async Task A_cancelled_run_keeps_what_is_committed_and_resumes()
    {
        var corpus = Flawed(40);
        corpus.Write(_folder.Path);
        using var source = Corpus.Open(_folder.Path);
        using var clean = new TempFolder();
        var undisturbed = await Ingest.RunAsync(source, clean.Index);
        for (var rows = 4; rows <= 36; rows += 8)
        {
            using var cancelled = new TempFolder();
            using var stop = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Ingest.RunAsync(source, cancelled.Index, seen: progress =>
            {
                if (progress.Rows >= rows)
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
        var corpus = Flawed(24);
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
        Assert.Equal((8L, 12L), (report.Progress.Ingested, report.Progress.Skipped));
        using var index = Ingest.Open(_folder.Index);
        Assert.True(index.TryGetImageSlot(corpus.Ids[0], out var slot));
        Assert.Equal("an altogether different caption than before", index.GetCaption(index.GetImage(slot).FirstCaption).Text);
        Assert.Equal(4, Ingest.Rejects(report).Length);
    }

    [Fact]
    public async Task A_restart_that_is_broken_off_is_gone_on_with_and_its_rejects_are_complete()
    {
        var source = Flawed(24);
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
    public async Task Two_sources_fill_one_index_and_each_has_its_own_progress()
    {
        var one = Corpus.Make(9, 1, 1);
        var two = Corpus.Make(12, 1, 2);
        two.Rename("other");
        await Ingest.RunAsync(one.AsSource(), _folder.Index, Ingest.Options(4, 8) with { SourceKey = "one" });
        await Ingest.RunAsync(two.AsSource(), _folder.Index, Ingest.Options(4, 8) with { SourceKey = "two" });

        using var index = Ingest.Open(_folder.Index);
        Assert.Equal(21, index.Images.Count);
        Assert.Equal([("one", 9L), ("two", 12L)], index.Ledger.Select(entry => (entry.SourceKey, entry.NextRow)));
    }

    [Fact]
    public async Task An_id_that_another_source_holds_is_refused_and_what_it_holds_is_left_alone()
    {
        var one = Corpus.Make(9, 1, 1);
        var two = Corpus.Make(12, 1, 2);
        two.Regions[4] = one.Regions[4];
        two.Captions[4] = one.Captions[4];
        await Ingest.RunAsync(one.AsSource(), _folder.Index, Ingest.Options(4, 8) with { SourceKey = "one" });

        var report = await Ingest.RunAsync(two.AsSource(), _folder.Index, Ingest.Options(4, 8) with { SourceKey = "two" });

        // Nine ids are taken; one of them by the very same image, which harms nobody.
        Assert.Equal((3L, 0L, 1L, 8L), (report.Progress.Ingested, report.Progress.Replaced, report.Progress.Skipped, report.Progress.Rejected));
        Assert.All(report.FirstRejects, reject =>
        {
            Assert.Contains($"id '{reject.Id}' is already held by another source, one", reject.Reason, StringComparison.Ordinal);
            Assert.Contains("--replace", reject.Reason, StringComparison.Ordinal);
        });
        using var index = Ingest.Open(_folder.Index);
        Assert.Equal((12, 12), (index.Images.Count, index.Images.Slots));
        Assert.All(Enumerable.Range(0, 9), i => Assert.Equal(one.Captions[i][0], Caption(index, one.Ids[i])));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_id_that_another_source_holds_is_taken_over_when_asked_for_and_then_belongs_to_the_new_one(bool compact)
    {
        var one = Corpus.Make(9, 1, 1);
        var two = Corpus.Make(12, 1, 2);
        await Ingest.RunAsync(one.AsSource(), _folder.Index, Ingest.Options(4, 8) with { SourceKey = "one" });
        var taken = await Ingest.RunAsync(two.AsSource(), _folder.Index, Ingest.Options(4, 8) with { SourceKey = "two", Replace = true });
        if (compact)
        {
            await LocalIndexCompactor.CompactAsync(_folder.Index, TestContext.Current.CancellationToken);
        }

        // The first source comes again, changed, and without leave to replace.
        one.Captions[0] = ["something else"];
        var back = await Ingest.RunAsync(one.AsSource("2"), _folder.Index, Ingest.Options(4, 8) with { SourceKey = "one" });

        Assert.Equal((12L, 9L, 0L), (taken.Progress.Ingested, taken.Progress.Replaced, taken.Progress.Rejected));
        Assert.Equal((0L, 9L), (back.Progress.Ingested, back.Progress.Rejected));
        using var index = Ingest.Open(_folder.Index);
        Assert.All(Enumerable.Range(0, 12), i => Assert.Equal(two.Captions[i][0], Caption(index, two.Ids[i])));
        Assert.Equal([9L, 0L], index.Ledger.OrderByDescending(entry => entry.SourceKey, StringComparer.Ordinal).Select(entry => entry.Replaced));
    }

    [Fact]
    public async Task A_run_among_ids_of_another_source_that_is_broken_off_and_resumed_refuses_the_same_rows()
    {
        var one = Corpus.Make(9, 1, 1);
        var two = Corpus.Make(24, 1, 2);
        using var clean = new TempFolder();
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
        var corpus = Flawed(33);
        corpus.Write(_folder.Path);
        using var source = Corpus.Open(_folder.Path);
        using var clean = new TempFolder();
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

    [Fact]
    public async Task An_image_that_comes_again_further_on_in_a_source_replaces_the_earlier_one()
    {
        var corpus = Corpus.Make(40, 1, 7);
        corpus.Ids[39] = corpus.Ids[0];
        corpus.Ids[9] = corpus.Ids[1];

        await Ingest.RunAsync(corpus.AsSource(), _folder.Index);

        using var index = Ingest.Open(_folder.Index);
        Assert.Equal(38, index.Images.Count);
        Assert.True(index.TryGetImageSlot(corpus.Ids[0], out var slot));
        Assert.Equal(corpus.Captions[39][0], index.GetCaption(index.GetImage(slot).FirstCaption).Text);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(4097, 1)]
    [InlineData(1, 0)]
    public Task Options_out_of_their_range_are_refused(int batchRows, int commitRows) =>
        Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Ingest.RunAsync(Corpus.Make(1, 1, 1).AsSource(), _folder.Index, batchRows, commitRows));

    private static string Caption(LocalIndex index, string id)
    {
        Assert.True(index.TryGetImageSlot(id, out var slot));
        return index.GetCaption(index.GetImage(slot).FirstCaption).Text;
    }

    private static Corpus Flawed(int images)
    {
        var corpus = Corpus.Make(images, 2, 9);
        corpus.Regions[1][5] = float.NaN;
        corpus.Captions[8][0] = " ";
        corpus.Ids[15] = corpus.Ids[3];
        corpus.Regions[22].AsSpan().Fill(1e38f);
        return corpus;
    }
}
