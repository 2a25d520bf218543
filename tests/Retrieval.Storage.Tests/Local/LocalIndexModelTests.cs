using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Rows;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local;

/// <summary>Random sequences of everything that can happen to an index, against a dictionary that says what must be in it.</summary>
[Trait("Promise", "15")]
public sealed class LocalIndexModelTests : IDisposable
{
    private const int Steps = 120;

    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Any_sequence_of_changes_commits_crashes_and_compactions_leaves_what_was_committed(int seed)
    {
        var random = new Random(seed);
        var committed = new Dictionary<string, int>();
        var pending = new Dictionary<string, int>();
        var writer = Writer();
        for (var step = 0; step < Steps; step++)
        {
            switch (random.Next(100))
            {
                case < 45:
                    Put(writer, pending, random, step);
                    break;
                case < 60:
                    var id = Id(random);
                    Assert.Equal(pending.Remove(id), writer.Delete(id));
                    break;
                case < 80:
                    var generation = writer.Generation;
                    await writer.CommitAsync([new SourceCheckpoint("steps", "", step, 0, 0, 0, 0, false)], TestContext.Current.CancellationToken);
                    Assert.Equal(generation + 1, writer.Generation);
                    committed = new(pending);
                    break;
                case < 92:
                    writer.Dispose();
                    Crash(random);
                    writer = Writer();
                    pending = new(committed);
                    break;
                case < 95 when writer.Generation > 1:
                    writer.Dispose();
                    Tear(random);
                    writer = Writer();
                    pending = new(committed);
                    break;
                default:
                    writer.Dispose();
                    writer = Writer();
                    pending = new(committed);
                    await writer.CompactAsync(TestContext.Current.CancellationToken);
                    break;
            }

            Assert.Equal(pending.Count, writer.Count);
            using var index = LocalIndex.Open(_folder.Index);
            Assert.Equal(committed.Count, index.Images.Count);
            if (step % 10 == 9)
            {
                IndexAssert.Holds(index, committed);
                Assert.Empty(index.Verify(TestContext.Current.CancellationToken).Faults);
            }
        }

        writer.Dispose();
    }

    private static void Put(LocalIndexWriter writer, Dictionary<string, int> pending, Random random, int step)
    {
        var ids = Enumerable.Range(0, random.Next(1, 6)).Select(_ => Id(random)).Distinct().ToList();
        var result = writer.Append(SampleCorpus.Batch(ids.Select(id => (id, step))));
        Assert.Equal(ids.Count(pending.ContainsKey), result.Replaced);
        ids.ForEach(id => pending[id] = step);
    }

    /// <summary>Leaves behind what a kill in the middle of an append or a commit leaves.</summary>
    private void Crash(Random random)
    {
        int epoch;
        using (var index = LocalIndex.Open(_folder.Index))
        {
            epoch = index.SlotEpoch;
            foreach (var file in index.Layout.Files.Select(file => file.Path).Append("seals.bin").Where(_ => random.Next(2) == 0))
            {
                var garbage = new byte[random.Next(1, 200)];
                random.NextBytes(garbage);
                using var stream = new FileStream(_folder.Data(file, epoch), FileMode.Append);
                stream.Write(garbage);
            }
        }

        var manifest = File.ReadAllBytes(_folder.Manifest);
        File.WriteAllBytes(Path.Combine(_folder.Index, "manifest.json.next"), manifest[..random.Next(manifest.Length)]);
    }

    /// <summary>Cuts one of the manifest's two files anywhere.</summary>
    private void Tear(Random random)
    {
        var file = random.Next(2) == 0 ? _folder.Manifest : _folder.ManifestCopy;
        var manifest = File.ReadAllBytes(file);
        File.WriteAllBytes(file, manifest[..random.Next(manifest.Length)]);
    }

    private static string Id(Random random) => $"image {random.Next(25)}";

    private LocalIndexWriter Writer() => LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema);
}
