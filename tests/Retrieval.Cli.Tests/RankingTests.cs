using System.Text.Json;

namespace Retrieval.Cli.Tests;

/// <summary><c>retrieval search</c> with a bundle that orders hits by both stages.</summary>
public sealed class RankingTests(RankingTests.Corpus corpus) : IClassFixture<RankingTests.Corpus>
{
    [Fact]
    public async Task Hits_are_ordered_by_both_stages_unless_the_score_alone_is_asked_for()
    {
        var both = (await corpus.SearchAsync("--caption", "w4 w9", "--top", "12", "--json")).Json();
        var named = (await corpus.SearchAsync("--caption", "w4 w9", "--top", "12", "--rank-by", "both", "--json")).Json();
        var score = (await corpus.SearchAsync("--caption", "w4 w9", "--top", "12", "--rank-by", "score", "--json")).Json();

        // The bundle's own shortlist.
        Assert.Equal((12, 12), (both.GetProperty("shortlisted").GetInt32(), score.GetProperty("shortlisted").GetInt32()));
        var hits = Hits(both);
        Assert.Equal(hits.OrderByDescending(hit => hit.RankingScore), hits);
        Assert.NotEqual(Enumerable.Range(1, 12), hits.Select(hit => hit.ScoreRank));
        Assert.Equal(hits, Hits(named));
        Assert.Equal(hits.OrderBy(hit => hit.ScoreRank).Select(hit => hit.Id), Hits(score).Select(hit => hit.Id));
    }

    [Fact]
    public async Task The_table_shows_what_the_hits_are_ordered_by()
    {
        var table = (await corpus.SearchAsync("--caption", "w4 w9", "--top", "3")).Succeeded().Output;

        Assert.Contains("ranking", table, StringComparison.Ordinal);
        Assert.Contains("12 of 12 candidates reranked", table, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Score")]
    [InlineData("1")]
    [InlineData("coarse")]
    public async Task Another_order_is_refused(string rankBy) =>
        (await corpus.SearchAsync("--caption", "w4", "--rank-by", rankBy)).Refused($"--rank-by is '{rankBy}'; expected both or score");

    private static List<(string Id, int ScoreRank, double RankingScore)> Hits(JsonElement answer) => [.. answer.GetProperty("hits").EnumerateArray().Select(hit =>
        (hit.GetProperty("id").GetString()!, hit.GetProperty("scoreRank").GetInt32(), hit.GetProperty("rankingScore").GetDouble()))];

    public sealed class Corpus : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();
        private string _bundle = null!;

        public async ValueTask InitializeAsync()
        {
            _bundle = RankingBundle.Make(_folder, "ranking", RankingBundle.Ranking("logit", 3, 12, 5, 17), scale: 8);
            SampleSplit.Write(_folder, 30);
            (await CommandLineProcess.RunAsync("ingest", "--bundle", _bundle, "--index", _folder["index"], "--source", _folder.Path, "--split", "test")).Succeeded();
        }

        internal Task<Outcome> SearchAsync(params string[] args) => CommandLineProcess.RunAsync(["search", "--bundle", _bundle, "--index", _folder["index"], .. args]);

        public ValueTask DisposeAsync()
        {
            _folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
