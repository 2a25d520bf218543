using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local.Reading;

/// <summary>An index opened with the generation before it at hand is the same as one opened from nothing.</summary>
public sealed class FormerGenerationTests : IDisposable
{
    private const int Steps = 150;
    private const int Ids = 60;

    private readonly IndexFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Through_any_history_lookups_and_buried_slots_are_those_of_an_index_opened_from_nothing(int seed)
    {
        var random = new Random(seed);
        var state = new Dictionary<string, int>();
        var writer = Writer();
        var opened = LocalIndex.Open(_folder.Index);
        try
        {
            for (var step = 0; step < Steps; step++)
            {
                if (random.Next(25) == 0)
                {
                    await writer.CompactAsync(Cancellation);
                }
                else if (random.Next(40) == 0)
                {
                    // Built anew in the same place: other slots under the same numbers.
                    writer.Dispose();
                    Directory.Delete(_folder.Index, recursive: true);
                    state.Clear();
                    writer = Writer();
                }

                for (var changes = random.Next(6); changes > 0; changes--)
                {
                    Change(writer, state, random, step);
                }

                await writer.CommitAsync(cancellation: Cancellation);
                if (random.Next(3) > 0)
                {
                    opened.PrepareLookups();
                }

                var next = LocalIndex.Open(_folder.Index, SampleCorpus.Schema, opened);
                opened.Dispose();
                opened = next;
                Same(opened, state);
            }
        }
        finally
        {
            opened.Dispose();
            writer.Dispose();
        }
    }

    [Fact]
    public async Task The_former_generation_stays_what_it_is()
    {
        using var writer = Writer();
        writer.Append(SampleCorpus.Batch([("kept", 0), ("replaced", 0), ("deleted", 0)]));
        await writer.CommitAsync(cancellation: Cancellation);
        using var former = LocalIndex.Open(_folder.Index);
        former.PrepareLookups();
        writer.Append(SampleCorpus.Batch([("replaced", 1), ("new", 1)]));
        writer.Delete("deleted");
        await writer.CommitAsync(cancellation: Cancellation);
        using var next = LocalIndex.Open(_folder.Index, former: former);
        IndexAssert.Holds(next, new Dictionary<string, int> { ["kept"] = 0, ["replaced"] = 1, ["new"] = 1 });
        Assert.False(next.TryGetImageSlot("deleted", out _));
        IndexAssert.Holds(former, new Dictionary<string, int> { ["kept"] = 0, ["replaced"] = 0, ["deleted"] = 0 });
        Assert.False(former.TryGetImageSlot("new", out _));
    }

    [Fact]
    public async Task New_rows_are_checked_as_those_of_an_index_opened_from_nothing()
    {
        using var writer = Writer();
        writer.Append(SampleCorpus.Batch([.. Enumerable.Range(0, 20).Select(i => ($"image-{i}", 0))]));
        await writer.CommitAsync(cancellation: Cancellation);
        using var former = LocalIndex.Open(_folder.Index);
        writer.Append(SampleCorpus.Batch([.. Enumerable.Range(20, 20).Select(i => ($"image-{i}", 0))]));
        await writer.CommitAsync(cancellation: Cancellation);
        var offsets = Directory.GetFiles(_folder.Index, "offset*", SearchOption.AllDirectories).Single(file => file.Contains("captions", StringComparison.Ordinal));
        await using (var file = new FileStream(offsets, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.Seek(-8, SeekOrigin.End);
            file.Write(BitConverter.GetBytes(1L << 40));
        }

        Assert.Throws<IndexCorruptException>(() => LocalIndex.Open(_folder.Index, former: former));
    }

    private static void Change(LocalIndexWriter writer, Dictionary<string, int> state, Random random, int step)
    {
        var id = Id(random.Next(Ids));
        if (random.Next(3) == 0)
        {
            Assert.Equal(state.Remove(id), writer.Delete(id));
        }
        else
        {
            writer.Append(SampleCorpus.Batch(id, step));
            state[id] = step;
        }
    }

    private void Same(LocalIndex opened, Dictionary<string, int> state)
    {
        using var fresh = LocalIndex.Open(_folder.Index);
        Assert.Equal(fresh.Checksum, opened.Checksum);
        for (var i = 0; i < Ids; i++)
        {
            var found = opened.TryGetImageSlot(Id(i), out var slot);
            Assert.Equal(fresh.TryGetImageSlot(Id(i), out var expected), found);
            Assert.Equal(state.ContainsKey(Id(i)), found);
            Assert.True(!found || slot == expected, $"{Id(i)} is in slot {slot}, expected {expected}");
        }

        Assert.Equal((fresh.Images.Count, fresh.Captions.Count), (opened.Images.Count, opened.Captions.Count));
        Assert.All(Slots(fresh.Images), slot => Assert.Equal(fresh.Images.IsLive(slot), opened.Images.IsLive(slot)));
        Assert.All(Slots(fresh.Captions), slot => Assert.Equal(fresh.Captions.IsLive(slot), opened.Captions.IsLive(slot)));
    }

    private static IEnumerable<long> Slots(IndexBank bank) => Enumerable.Range(0, (int)bank.Slots).Select(slot => (long)slot);

    private static string Id(int i) => $"image {i}";

    private LocalIndexWriter Writer() => LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema);
}
