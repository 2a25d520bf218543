using System.Text.Json;
using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;
using Retrieval.Features.Sources;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Search.Tests.Ingestion;

public sealed class IngestionTests : IDisposable
{
    private readonly IndexFolder _folder = new();

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
    public async Task A_source_of_which_every_row_is_refused_fails_every_time_it_is_tried()
    {
        var report = (await Assert.ThrowsAsync<SourceRefusedException>(() => Ingest.RunAsync(Unfit(9), _folder.Index))).Report!;
        Assert.Equal((9, 0, 9), (report.Progress.Rows, report.Progress.Ingested, report.Progress.Rejected));
        Assert.Equal(9, report.FirstRejects.Count);
        Assert.Contains("every row of it was refused (9 rejects)", (await Assert.ThrowsAsync<SourceRefusedException>(() => Ingest.RunAsync(Unfit(9), _folder.Index))).Message, StringComparison.Ordinal);
        using var index = Ingest.Open(_folder.Index);
        Assert.True(index.Ledger.Single() is { NextRow: 9, Rejected: 9, Completed: false });
        Assert.Equal(9, Directory.EnumerateFiles(Path.Combine(_folder.Index, "rejects")).Sum(file => File.ReadLines(file).Count()));
    }

    [Fact]
    public async Task A_full_disk_that_takes_no_rejects_is_told_and_keeps_no_other_writer_out()
    {
        using (LocalIndexWriter.OpenOrCreate(_folder.Index, IndexBinding.SchemaOf(Bundle.Model)))
        {
        }

        // The rejects are on a disk of their own here, so that it is they that do not fit.
        var disk = Directory.CreateDirectory(Path.Combine(_folder.Index, "rejects")).FullName;
        await SmallDisk.RunAsync(disk, "64k", async () =>
        {
            await Assert.ThrowsAnyAsync<IOException>(() => File.WriteAllBytesAsync(Path.Combine(disk, "ballast"), new byte[1 << 20], TestContext.Current.CancellationToken));

            var full = await Assert.ThrowsAsync<IndexWriteException>(() => Ingest.RunAsync(Unfit(9), _folder.Index));

            Assert.True(full.DiskFull);
            LocalIndexWriter.OpenOrCreate(_folder.Index, IndexBinding.SchemaOf(Bundle.Model)).Dispose();
            File.Delete(Path.Combine(disk, "ballast"));
            await Assert.ThrowsAsync<SourceRefusedException>(() => Ingest.RunAsync(Unfit(9), _folder.Index));
            Assert.Equal(9, File.ReadLines(Assert.Single(Directory.GetFiles(disk))).Count());
        });
    }

    [Fact]
    public async Task Progress_counts_what_is_committed_and_no_kill_takes_back()
    {
        Corpus.Make(30, 2, 1).Write(_folder.Path);
        using var source = Corpus.Open(_folder.Path);
        var seen = new List<(long Counted, long Uncommitted, long Committed)>();

        var report = await Ingest.RunAsync(source, _folder.Index, batchRows: 4, commitRows: 12, seen: progress =>
        {
            using var index = Ingest.Open(_folder.Index);
            seen.Add((progress.Rows, progress.Uncommitted, index.Ledger.SingleOrDefault()?.NextRow ?? 0));
            Assert.Equal((index.Images.Count, index.Captions.Count), (progress.Ingested, progress.Captions));
        });

        Assert.Equal(9, seen.Count);
        Assert.All(seen, at => Assert.Equal(at.Committed, at.Counted));
        Assert.Equal([4L, 8, 0, 4, 8, 0, 4, 6, 0], seen.Select(at => at.Uncommitted));
        Assert.Equal((30, 0, 60), (report.Progress.Rows, report.Progress.Uncommitted, report.Progress.Captions));
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

        using var clean = new IndexFolder();
        await Ingest.RunAsync(corpus.AsSource(), clean.Index, batchRows: 1);
        using var one = Ingest.Open(clean.Index);
        using var two = Ingest.Open(_folder.Index);
        Assert.All(corpus.Ids, id =>
        {
            Assert.True(one.TryGetImageSlot(id, out var a) && two.TryGetImageSlot(id, out var b) && one.GetImage(a).ContentHash.Span.SequenceEqual(two.GetImage(b).ContentHash.Span));
        });
    }

    [Fact]
    [Trait("Promise", "6")]
    public async Task Rows_that_cannot_be_used_are_listed_with_place_and_reason_and_the_others_are_stored()
    {
        var corpus = Corpus.Make(20, 2, 4);
        corpus.Regions[3][77] = float.NaN;
        corpus.Regions[4][0] = float.NegativeInfinity;
        corpus.Captions[6][1] = "   ";
        corpus.Captions[8][0] = "a dog\0cat";
        corpus.Ids[11] = corpus.Ids[2];
        corpus.Regions[14].AsSpan().Fill(1e38f);
        corpus.Metadata![16] = "[1]";
        corpus.Write(_folder.Path);
        using var source = Corpus.Open(_folder.Path);

        var report = await Ingest.RunAsync(source, _folder.Index);

        Assert.Equal((15L, 7L), (report.Progress.Ingested, report.Progress.Rejected));
        var lines = Ingest.Rejects(report).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var expected = new (int Row, string Source, string Reason)[]
        {
            (3, "made_ims.npy", "NaN"), (4, "made_ims.npy", "Infinity"), (6, "made_caps.txt", "line 14: "), (8, "made_caps.txt", "NUL"),
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
        Assert.Equal((15, 7L), (index.Images.Count, index.Ledger.Single().Rejected));
    }

    [Fact]
    [Trait("Promise", "6")]
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
        var report = (await Assert.ThrowsAsync<SourceRefusedException>(() => Ingest.RunAsync(careless, _folder.Index))).Report!;
        Assert.Equal((0L, 2L), (report.Progress.Ingested, report.Progress.Rejected));
        Assert.All(report.FirstRejects, reject => Assert.Contains($"{count} regions of {width}", reject.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public void A_dry_run_reports_and_writes_nothing()
    {
        var corpus = Corpus.Make(20, 2, 4);
        corpus.Regions[3][77] = float.NaN;
        corpus.Write(_folder.Path);
        using var source = Corpus.Open(_folder.Path);

        var report = new IngestionJob(Bundle.Model, Ingest.Options(4, 8), TimeProvider.System).Validate(source, cancellationToken: TestContext.Current.CancellationToken);

        Assert.False(Directory.Exists(_folder.Index));
        Assert.Equal((20L, 19L, 1L), (report.Progress.Rows, report.Progress.Ingested, report.Progress.Rejected));
        Assert.Null(report.Generation);
        Assert.Null(report.RejectsFile);
        Assert.Equal(3, Assert.Single(report.FirstRejects).Row);
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

    internal static string Caption(LocalIndex index, string id)
    {
        Assert.True(index.TryGetImageSlot(id, out var slot));
        return index.GetCaption(index.GetImage(slot).FirstCaption).Text;
    }

    internal static Corpus Flawed(int images)
    {
        var corpus = Corpus.Make(images, 2, 9);
        corpus.Regions[1][5] = float.NaN;
        corpus.Captions[8][0] = " ";
        corpus.Ids[15] = corpus.Ids[3];
        corpus.Regions[22].AsSpan().Fill(1e38f);
        return corpus;
    }

    /// <summary>A source without a row that can be used.</summary>
    internal static ListSource Unfit(int rows) => new([.. Enumerable.Range(0, rows).Select(row => new RejectedSample("list", row, null, "unfit"))]);
}
