using System.Text;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local.Reading;

[Trait("Promise", "4"), Trait("Promise", "15")]
public sealed class ConcurrentReaderTests : IDisposable
{
    private const int Commits = 60;

    private static readonly string[] Ids = ["a", "b", "c"];

    private readonly IndexFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Readers_see_whole_commits_only_while_a_writer_commits_and_compacts()
    {
        using var writer = LocalIndexWriter.OpenOrCreate(_folder.Index, SampleCorpus.Schema);
        await CommitAsync(writer, 0);
        var writing = Task.Run(
            async () =>
            {
                for (var version = 2; version <= 2 * Commits; version += 2)
                {
                    await CommitAsync(writer, version);
                    if (version % 6 == 0)
                    {
                        await writer.CompactAsync(TestContext.Current.CancellationToken);
                    }
                }
            },
            TestContext.Current.CancellationToken);

        long generation = 0;
        while (!writing.IsCompleted)
        {
            using var index = LocalIndex.Open(_folder.Index);
            Assert.True(index.Generation >= generation, "a reader went back");
            generation = index.Generation;
            // Every commit replaces all three images by the same version of them.
            Assert.True(index.TryGetImageSlot("a", out var slot));
            var version = int.Parse(Encoding.UTF8.GetString(index.GetImage(slot).Metadata.Span[12..^1]), System.Globalization.CultureInfo.InvariantCulture);
            IndexAssert.Holds(index, Ids.ToDictionary(id => id, _ => version));
            Assert.Empty(index.ManifestFaults);
        }

        await writing;
    }

    private static async Task CommitAsync(LocalIndexWriter writer, int version)
    {
        writer.Append(SampleCorpus.Batch(Ids.Select(id => (id, version))));
        await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
    }
}
