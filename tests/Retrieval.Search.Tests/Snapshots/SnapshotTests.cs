using Retrieval.Domain.Errors;
using Retrieval.Inference;
using Retrieval.Inference.Records;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Search.Tests.Snapshots;

public sealed class SnapshotTests : IDisposable
{
    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Nothing_is_answered_before_something_is_loaded()
    {
        using var source = new SnapshotSource(new SnapshotOptions { Bundle = Bundle.Path, Index = _folder.Index, Inference = Bundle.Inference });

        Assert.Null(source.Status);
        Assert.Throws<NotReadyException>(source.Acquire);
        Assert.False(source.TryRefresh(TestContext.Current.CancellationToken));
        Assert.Throws<IndexMissingException>(() => source.Load(TestContext.Current.CancellationToken));
        Assert.Throws<NotReadyException>(source.Acquire);
        await Ingest.RunAsync(Corpus.Make(3, 1, 1).AsSource(), _folder.Index);
        source.Load(TestContext.Current.CancellationToken);
        Assert.Equal((3, 3), (source.Status!.Images, source.Status.Captions));
        source.Dispose();
        Assert.Throws<NotReadyException>(source.Acquire);
        Assert.False(source.TryRefresh(TestContext.Current.CancellationToken));
        Assert.Throws<ObjectDisposedException>(() => source.Load(TestContext.Current.CancellationToken));
    }

    [Fact]
    [Trait("Promise", "14")]
    public async Task An_index_of_another_bundle_is_refused_with_both_fingerprints()
    {
        await Ingest.RunAsync(Corpus.Make(3, 1, 1).AsSource(), _folder.Index);
        using var other = MatchingModel.Load(Bundle.OtherPath, Bundle.Inference);
        using var source = new SnapshotSource(new SnapshotOptions { Bundle = Bundle.OtherPath, Index = _folder.Index, Inference = Bundle.Inference });

        var error = Assert.Throws<IndexMismatchException>(() => source.Load(TestContext.Current.CancellationToken));

        Assert.Contains(Bundle.Model.Fingerprint, error.Message, StringComparison.Ordinal);
        Assert.Contains(other.Fingerprint, error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IndexMismatchException>(() => new Search.Ingestion.IngestionJob(other, Ingest.Options(4, 8), TimeProvider.System)
            .RunAsync(Corpus.Make(3, 1, 1).AsSource(), _folder.Index, null, TestContext.Current.CancellationToken));
    }

    [Fact]
    [Trait("Promise", "10")]
    public async Task A_bundle_that_was_edited_since_is_refused()
    {
        await Ingest.RunAsync(Corpus.Make(3, 1, 1).AsSource(), _folder.Index);
        var edited = Path.Combine(_folder.Path, "bundle");
        Directory.CreateDirectory(edited);
        foreach (var file in Directory.GetFiles(Bundle.Path))
        {
            File.Copy(file, Path.Combine(edited, Path.GetFileName(file)));
        }

        await File.AppendAllTextAsync(Path.Combine(edited, "bundle.json"), " ", TestContext.Current.CancellationToken);
        using var source = new SnapshotSource(new SnapshotOptions { Bundle = edited, Index = _folder.Index, Inference = Bundle.Inference });
        Assert.Throws<IndexMismatchException>(() => source.Load(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Records_of_an_index_score_bit_for_bit_as_those_of_the_encoder()
    {
        var corpus = Corpus.Make(16, 2, 51);
        await Ingest.RunAsync(corpus.AsSource(), _folder.Index, batchRows: 16);
        using var index = Ingest.Open(_folder.Index);
        using var mappedImages = RecordTable.Over(RecordSide.Image, IndexBinding.RecordsOf(index.Images));
        using var mappedCaptions = RecordTable.Over(RecordSide.Caption, IndexBinding.RecordsOf(index.Captions));
        var model = Bundle.Model;
        var token = TestContext.Current.CancellationToken;
        using var images = model.ImageEncoder.Encode(corpus.Regions.SelectMany(values => values).ToArray(), token);
        using var captions = model.TextEncoder.Encode([.. corpus.AllCaptions.Select(caption => model.Captions.Encode(caption).TokenIds)], token);
        long[] image = [.. Enumerable.Range(0, 16 * 32).Select(i => i % 16)];
        long[] caption = [.. Enumerable.Range(0, 16 * 32).Select(i => i / 16)];
        float[] expected = new float[image.Length], found = new float[image.Length];

        model.TextToImage.ScorePairs(images.Records, captions.Records, image, caption, expected, token);
        model.TextToImage.ScorePairs(mappedImages, mappedCaptions, image, caption, found, token);
        Assert.Equal(expected, found);
        model.ImageToText.ScorePairs(captions.Records, images.Records, caption, image, expected, token);
        model.ImageToText.ScorePairs(mappedCaptions, mappedImages, caption, image, found, token);
        Assert.Equal(expected, found);
    }

    [Fact]
    public async Task A_deleted_or_replaced_image_is_not_found_any_more()
    {
        var corpus = Corpus.Make(12, 2, 52);
        await Ingest.RunAsync(corpus.AsSource("1"), _folder.Index);
        using var serving = new Serving(_folder.Index);
        Assert.Equal(12, (await serving.ImagesAsync("a dog", 100)).Hits.Count);
        corpus.Captions[7] = ["only one now"];
        await Ingest.RunAsync(corpus.AsSource("2"), _folder.Index);
        using (var writer = LocalIndexWriter.OpenOrCreate(_folder.Index, IndexBinding.SchemaOf(Bundle.Model)))
        {
            Assert.True(writer.Delete(corpus.Ids[3]));
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        // Not before the snapshot is renewed.
        Assert.Equal(12, (await serving.ImagesAsync("a dog", 100)).Hits.Count);
        Assert.True(serving.Snapshots.TryRefresh(TestContext.Current.CancellationToken));
        Assert.False(serving.Snapshots.TryRefresh(TestContext.Current.CancellationToken));

        var images = await serving.ImagesAsync("a dog", 100);
        Assert.Equal(corpus.Ids.Except([corpus.Ids[3]]).Order(), images.Hits.Select(hit => hit.Id).Order());
        var captions = await serving.CaptionsAsync(corpus.Ids[7], 100);
        Assert.Equal(21, captions.Hits.Count);
        Assert.DoesNotContain(captions.Hits, hit => hit.ImageId == corpus.Ids[3]);
        Assert.Equal("only one now", Assert.Single(captions.Hits, hit => hit.ImageId == corpus.Ids[7]).Caption);
        await Assert.ThrowsAsync<NotFoundException>(() => serving.CaptionsAsync(corpus.Ids[3]));
        Assert.Throws<NotFoundException>(() => serving.Images.Read(corpus.Ids[3]));
        Assert.Equal((11, 21), (serving.Snapshots.Status!.Images, serving.Snapshots.Status.Captions));
    }

    [Fact]
    [Trait("Promise", "14")]
    public async Task The_snapshot_is_renewed_under_requests_and_none_of_them_fails()
    {
        var corpus = Corpus.Make(30, 1, 53);
        await Ingest.RunAsync(new ListSource([.. corpus.AsSource().ReadFrom(0).Take(10)]), _folder.Index, Ingest.Options(4, 8) with { SourceKey = "0" });
        using var serving = new Serving(_folder.Index);
        using var stop = new CancellationTokenSource();
        var asking = Enumerable.Range(0, 3).Select(worker => Task.Run(async () =>
        {
            var answered = 0;
            var epoch = 0L;
            for (; !stop.IsCancellationRequested; answered++)
            {
                var answer = worker == 0 ? await serving.CaptionsAsync(corpus.Ids[0], 100) : await serving.ImagesAsync("a red dog", 100);
                Assert.True(answer.IndexEpoch >= epoch);
                epoch = answer.IndexEpoch;
                Assert.InRange(answer.Hits.Count, 10, 30);
                Assert.Equal(answer.Hits.Count, answer.Reranked);
            }

            return answered;
        }, TestContext.Current.CancellationToken)).ToList();

        using var old = serving.Snapshots.Acquire();
        var oldImages = old.Index.Images.Count;
        for (var step = 1; step <= 20; step++)
        {
            await Ingest.RunAsync(new ListSource([.. corpus.AsSource().ReadFrom(0).Skip(step).Take(10 + (step / 2))], $"{step}"), _folder.Index, Ingest.Options(4, 8) with { SourceKey = $"{step}" });
            if (step % 7 == 0)
            {
                using var writer = LocalIndexWriter.OpenOrCreate(_folder.Index, IndexBinding.SchemaOf(Bundle.Model));
                await writer.CompactAsync(TestContext.Current.CancellationToken);
            }

            serving.Snapshots.TryRefresh(TestContext.Current.CancellationToken);
        }

        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(asking), answered => Assert.True(answered > 0));

        // The old lease reads what it read at first, though its folder has been compacted away.
        Assert.Equal(10, oldImages);
        Assert.True(old.Index.TryGetImageSlot(corpus.Ids[9], out var slot));
        Assert.Equal(corpus.Captions[9][0], old.Index.GetCaption(old.Index.GetImage(slot).FirstCaption).Text);
        using var row = old.Images.Row(slot);
        var scores = new float[10];
        old.Model.ImageToText.ScorePairs(old.Captions, row, [.. Enumerable.Range(0, 10)], new long[10], scores, TestContext.Current.CancellationToken);
        Assert.All(scores, score => Assert.True(float.IsFinite(score)));
    }

    [Fact]
    public async Task The_files_of_a_replaced_snapshot_are_unmapped_when_its_last_lease_ends()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        var corpus = Corpus.Make(6, 1, 54);
        await Ingest.RunAsync(corpus.AsSource("1"), _folder.Index);
        using var serving = new Serving(_folder.Index);
        var once = Mapped();
        Assert.True(once > 0);
        var lease = serving.Snapshots.Acquire();
        corpus.Captions[0] = ["changed"];
        await Ingest.RunAsync(corpus.AsSource("2"), _folder.Index);
        Assert.True(serving.Snapshots.TryRefresh(TestContext.Current.CancellationToken));

        Assert.InRange(Mapped(), once + 1, (2 * once) + 1);
        lease.Dispose();
        var tombstones = 1;
        Assert.InRange(Mapped(), once, once + tombstones);
        serving.Dispose();
        Assert.Equal(0, Mapped());
    }

    [Fact]
    public async Task A_request_that_runs_while_serving_ends_is_answered()
    {
        await Ingest.RunAsync(Corpus.Make(30, 1, 56).AsSource(), _folder.Index);
        var serving = new Serving(_folder.Index);
        SearchSnapshot? model = null;
        // With the encoder behind it and the scorer before it.
        using var watch = new StageWatch(StageNames.Encode, () =>
        {
            model = serving.Snapshots.Acquire();
            serving.Snapshots.Dispose();
        });

        using (var answer = await serving.ImagesAsync("a red dog", 30))
        {
            Assert.Equal((30, 30), (answer.Reranked, answer.Hits.Count));
        }

        await Assert.ThrowsAsync<NotReadyException>(() => serving.ImagesAsync("a red dog"));
        using (model!.Model.TextEncoder.Encode([[1, 2]], TestContext.Current.CancellationToken))
        {
        }

        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Model.TextEncoder.Encode([[1, 2]], TestContext.Current.CancellationToken));
        serving.Dispose();
    }

    [Fact]
    public async Task A_newer_generation_that_cannot_be_opened_leaves_the_old_one_serving()
    {
        var corpus = Corpus.Make(6, 1, 55);
        await Ingest.RunAsync(corpus.AsSource("1"), _folder.Index);
        using var serving = new Serving(_folder.Index);
        var generation = serving.Snapshots.Status!.IndexEpoch;

        // Another bundle's index, of a higher generation, in the place of this one.
        using var other = MatchingModel.Load(Bundle.OtherPath, Bundle.Inference);
        var otherIndex = Path.Combine(_folder.Path, "other");
        for (var i = 0; i < 3; i++)
        {
            await new Search.Ingestion.IngestionJob(other, Ingest.Options(2, 1), TimeProvider.System)
                .RunAsync(Corpus.Make(6, 1, i).AsSource($"{i}"), otherIndex, null, TestContext.Current.CancellationToken);
        }

        Directory.Move(_folder.Index, Path.Combine(_folder.Path, "away"));
        Directory.Move(otherIndex, _folder.Index);
        Assert.Throws<IndexMismatchException>(() => serving.Snapshots.TryRefresh(TestContext.Current.CancellationToken));

        Assert.Equal(generation, serving.Snapshots.Status.IndexEpoch);
        Assert.Equal(6, (await serving.ImagesAsync("a dog")).Hits.Count);
        Directory.Move(_folder.Index, otherIndex);
        Assert.Throws<IndexCorruptException>(() => serving.Snapshots.TryRefresh(TestContext.Current.CancellationToken));
        Assert.Equal(6, (await serving.ImagesAsync("a dog")).Hits.Count);
    }

    [Theory]
    [InlineData("manifest.json")]
    [InlineData("manifest.copy.json")]
    public async Task A_damaged_file_of_the_manifest_costs_serving_nothing_and_is_said_until_the_next_commit(string damaged)
    {
        var corpus = Corpus.Make(6, 1, 57);
        await Ingest.RunAsync(corpus.AsSource("1"), _folder.Index);
        corpus.Captions[0] = ["of the newer generation"];
        await Ingest.RunAsync(corpus.AsSource("2"), _folder.Index);
        using var serving = new Serving(_folder.Index);
        var generation = serving.Snapshots.Status!.IndexEpoch;
        Assert.Null(serving.Snapshots.Status.ManifestFault);
        var manifest = Path.Combine(_folder.Index, damaged);
        var whole = await File.ReadAllBytesAsync(manifest, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(manifest, whole[..(whole.Length / 2)], TestContext.Current.CancellationToken);

        Assert.False(serving.Snapshots.TryRefresh(TestContext.Current.CancellationToken));
        using var late = new Serving(_folder.Index);
        foreach (var served in new[] { serving, late })
        {
            Assert.Equal(generation, served.Snapshots.Status!.IndexEpoch);
            Assert.StartsWith($"{damaged}: ", served.Snapshots.Status.ManifestFault, StringComparison.Ordinal);
            Assert.Contains((await served.CaptionsAsync(corpus.Ids[1], 10)).Hits, hit => hit.Caption == "of the newer generation");
        }

        corpus.Captions[0] = ["of the newest generation"];
        await Ingest.RunAsync(corpus.AsSource("3"), _folder.Index);
        foreach (var served in new[] { serving, late })
        {
            Assert.True(served.Snapshots.TryRefresh(TestContext.Current.CancellationToken));
            Assert.Null(served.Snapshots.Status!.ManifestFault);
            Assert.Contains((await served.CaptionsAsync(corpus.Ids[1], 10)).Hits, hit => hit.Caption == "of the newest generation");
        }
    }

    [Fact]
    public async Task With_the_manifest_lost_what_is_served_is_served_on_and_nobody_starts()
    {
        await Ingest.RunAsync(Corpus.Make(6, 1, 57).AsSource("1"), _folder.Index);
        using var serving = new Serving(_folder.Index);
        var generation = serving.Snapshots.Status!.IndexEpoch;
        File.Delete(Path.Combine(_folder.Index, "manifest.json"));
        File.Delete(Path.Combine(_folder.Index, "manifest.copy.json"));

        for (var poll = 0; poll < 2; poll++)
        {
            Assert.Throws<ManifestLostException>(() => serving.Snapshots.TryRefresh(TestContext.Current.CancellationToken));
        }

        Assert.Equal(generation, serving.Snapshots.Status.IndexEpoch);
        Assert.Equal(6, (await serving.ImagesAsync("a dog")).Hits.Count);
        Assert.Throws<ManifestLostException>(() => new Serving(_folder.Index));
    }

    [Fact]
    public async Task An_index_rebuilt_in_the_same_place_is_taken_up_though_its_generation_is_the_same()
    {
        await Ingest.RunAsync(Corpus.Make(6, 1, 58).AsSource(), _folder.Index);
        using var serving = new Serving(_folder.Index);
        var generation = serving.Snapshots.Status!.IndexEpoch;
        Directory.Move(_folder.Index, Path.Combine(_folder.Path, "away"));
        await Ingest.RunAsync(Corpus.Make(5, 1, 59).AsSource(), _folder.Index);

        Assert.True(serving.Snapshots.TryRefresh(TestContext.Current.CancellationToken));

        Assert.Equal((generation, 5), (serving.Snapshots.Status.IndexEpoch, serving.Snapshots.Status.Images));
        Assert.False(serving.Snapshots.TryRefresh(TestContext.Current.CancellationToken));
    }

    private int Mapped() => File.ReadAllLines("/proc/self/maps").Count(line => line.Contains(_folder.Index, StringComparison.Ordinal));
}
