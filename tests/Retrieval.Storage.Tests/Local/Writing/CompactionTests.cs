using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Rows;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local.Writing;

[Trait("Promise", "15")]
public sealed class CompactionTests : IDisposable
{
    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Compaction_drops_buried_rows_and_keeps_the_content()
    {
        var expected = await FillAsync();
        string before;
        using (var index = LocalIndex.Open(_folder.Index))
        {
            before = index.ContentHash(TestContext.Current.CancellationToken);
        }

        var generation = await LocalIndexCompactor.CompactAsync(_folder.Index, TestContext.Current.CancellationToken);

        using var compacted = LocalIndex.Open(_folder.Index);
        Assert.Equal(generation, compacted.Generation);
        Assert.Equal(2, compacted.SlotEpoch);
        Assert.Equal(expected.Count, compacted.Images.Slots);
        Assert.Equal(compacted.Captions.Count, compacted.Captions.Slots);
        Assert.Equal(before, compacted.ContentHash(TestContext.Current.CancellationToken));
        Assert.Equal("one", Assert.Single(compacted.Ledger).SourceKey);
        IndexAssert.Holds(compacted, expected);
        Assert.Empty(compacted.Verify(TestContext.Current.CancellationToken).Faults);
    }

    [Fact]
    public async Task A_writer_goes_on_after_compacting_and_an_open_reader_keeps_the_old_rows()
    {
        var expected = await FillAsync();
        using var reader = LocalIndex.Open(_folder.Index);
        using var writer = Writer();
        await writer.CompactAsync(TestContext.Current.CancellationToken);
        Assert.True(Directory.Exists(_folder.Data("", epoch: 1)), "a reader of the manifest before may still open its folder");

        writer.Append(SampleCorpus.Batch([("new", 1), (expected.Keys.First(), 99)]));
        await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);

        Assert.False(Directory.Exists(_folder.Data("", epoch: 1)), "the folder was superseded by an earlier commit");
        IndexAssert.Holds(reader, expected);
        Assert.True(reader.Verify(TestContext.Current.CancellationToken).Ok);
        expected["new"] = 1;
        expected[expected.Keys.First()] = 99;
        using var index = LocalIndex.Open(_folder.Index);
        IndexAssert.Holds(index, expected);
        Assert.Empty(index.Verify(TestContext.Current.CancellationToken).Faults);
    }

    [Fact]
    public async Task What_a_killed_compaction_left_is_removed_by_the_next_writer()
    {
        var expected = await FillAsync();
        Directory.CreateDirectory(_folder.Data("images", epoch: 2));
        await File.WriteAllTextAsync(_folder.Data("unfinished", epoch: 2), "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_folder.Data("images/embedding.f32", epoch: 2), "half", TestContext.Current.CancellationToken);

        Writer().Dispose();

        Assert.False(Directory.Exists(_folder.Data("", epoch: 2)));
        using var index = LocalIndex.Open(_folder.Index);
        IndexAssert.Holds(index, expected);
    }

    [Fact]
    public async Task A_folder_that_nothing_accounts_for_is_kept_by_every_writer_and_every_compaction()
    {
        var expected = await FillAsync();
        Directory.CreateDirectory(_folder.Data("images", epoch: 7));
        await File.WriteAllTextAsync(_folder.Data("images/embedding.f32", epoch: 7), "somebody's", TestContext.Current.CancellationToken);

        using (var writer = Writer())
        {
            await writer.CompactAsync(TestContext.Current.CancellationToken);
            writer.Append(SampleCorpus.Batch("new"));
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        }

        Writer().Dispose();
        Assert.Equal("somebody's", await File.ReadAllTextAsync(_folder.Data("images/embedding.f32", epoch: 7), TestContext.Current.CancellationToken));
        Assert.Equal([7, 8], Directory.GetDirectories(_folder.Index, "data-*").Select(folder => int.Parse(folder[(folder.LastIndexOf('-') + 1)..])).Order());
        expected["new"] = 0;
        using var index = LocalIndex.Open(_folder.Index);
        IndexAssert.Holds(index, expected);
    }

    [Fact]
    public async Task A_cancelled_compaction_leaves_index_and_writer_as_they_were()
    {
        var expected = await FillAsync();
        using var writer = Writer();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writer.CompactAsync(cancelled.Token));

        writer.Append(SampleCorpus.Batch("new"));
        await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
        expected["new"] = 0;
        using var index = LocalIndex.Open(_folder.Index);
        IndexAssert.Holds(index, expected);
        Assert.Equal(1, index.SlotEpoch);
    }

    [Fact]
    public async Task An_index_that_is_being_written_is_not_compacted_by_another()
    {
        await FillAsync();
        using var writer = Writer();
        await Assert.ThrowsAsync<IndexLockedException>(() => LocalIndexCompactor.CompactAsync(_folder.Index, TestContext.Current.CancellationToken));
        writer.Delete("2");
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.CompactAsync(TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<IndexMissingException>(() => LocalIndexCompactor.CompactAsync(_folder.Path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_index_whose_every_image_is_buried_compacts_to_an_empty_one()
    {
        using (var writer = Writer())
        {
            writer.Append(SampleCorpus.Batch("a"));
            writer.Delete("a");
            await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
            await writer.CompactAsync(TestContext.Current.CancellationToken);
        }

        using var index = LocalIndex.Open(_folder.Index);
        Assert.Equal(0, index.Images.Slots);
        Assert.Equal(0, index.Captions.Embedding.Bytes);
    }

    private async Task<Dictionary<string, int>> FillAsync()
    {
        var expected = new Dictionary<string, int>();
        using var writer = Writer();
        for (var commit = 0; commit < 3; commit++)
        {
            var batch = Enumerable.Range(commit * 5, 10).Select(i => ($"{i}", i + (100 * commit))).ToList();
            writer.Append(SampleCorpus.Batch(batch));
            batch.ForEach(image => expected[image.Item1] = image.Item2);
            writer.Delete($"{commit * 6}");
            expected.Remove($"{commit * 6}");
            await writer.CommitAsync([new SourceCheckpoint("one", "", commit, 0, 0, 0, 0, false)], TestContext.Current.CancellationToken);
        }

        return expected;
    }

    private LocalIndexWriter Writer() => LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema);
}
