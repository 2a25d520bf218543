using Retrieval.Search.Queries;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Metrics;

/// <summary>The gauge of the shortlists' recall on a running server.</summary>
public sealed class RecallTests
{
    private const int Images = 24;
    private const string Caption = "w4 w11 w23";

    [Fact]
    public async Task Shortlists_are_measured_while_the_device_is_idle_and_nothing_of_a_caption_is_kept()
    {
        using var folder = new TemporaryFolder();
        await Corpus.IngestAsync(Repository.Bundle, folder["index"], Images);
        await using var server = await StartAsync(folder["index"], new SearchOptions { RecallBudget = 0.5, DefaultShortlist = 1, DefaultTop = 1 });

        await Eventually.TrueAsync(
            async () =>
            {
                await server.Client.AnswerAsync("/v1/search/images", $$"""{ "caption": "{{Caption}}" }""");
                return await server.MetricAsync("retrieval_recall_window{kind=\"images\",reference=\"all\"}") > 0;
            },
            "a query is measured");

        // One candidate has at most one of the ten best.
        Assert.True(await server.MetricAsync("retrieval_recall_shortlist{kind=\"images\",reference=\"all\"}") is 0 or 0.1);
        Assert.True(await server.MetricAsync("retrieval_recall_first{kind=\"images\",reference=\"all\"}") is 0 or 1);
        Assert.True(await server.MetricAsync("retrieval_recall_queries_total{kind=\"images\"}") > 0);
        Assert.Equal(0, await server.MetricAsync("retrieval_recall_pairs_total") % Images);
        Assert.DoesNotContain(server.Log.Entries, entry => entry.Message.Contains("w23", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_is_measured_unless_it_is_asked_for()
    {
        using var folder = new TemporaryFolder();
        await Corpus.IngestAsync(Repository.Bundle, folder["index"], Images);
        await using var server = await StartAsync(folder["index"], new SearchOptions());

        await server.Client.AnswerAsync("/v1/search/images", $$"""{ "caption": "{{Caption}}" }""");

        Assert.Null(await server.MetricAsync("retrieval_recall_window{kind=\"images\",reference=\"all\"}"));
        Assert.Equal(Images, await server.MetricAsync("retrieval_pairs_scored_total{kind=\"images\"}"));
        Assert.Equal(0, await server.MetricAsync("retrieval_recall_pairs_total"));
    }

    private static async Task<RunningServer> StartAsync(string index, SearchOptions search)
    {
        var options = RunningServer.Options(Repository.Bundle, index);
        return await (await RunningServer.StartAsync(options with { Search = search })).ReadyAsync();
    }
}
