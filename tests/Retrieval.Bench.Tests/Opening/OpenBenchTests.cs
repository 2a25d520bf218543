using Retrieval.Bench.Opening;

namespace Retrieval.Bench.Tests.Opening;

/// <summary>The measurement runs and leaves nothing behind; its numbers are nobody's business here.</summary>
public sealed class OpenBenchTests
{
    [Theory]
    [InlineData(500, 20, 3)]
    [InlineData(7, 7, 2)]
    public async Task Each_generation_is_opened_both_ways(int images, int changed, int repetitions)
    {
        var stages = new List<(string Stage, double Done)>();
        var options = new OpenOptions { Images = images, Changed = changed, Repetitions = repetitions };

        var report = await new OpenBench(options).RunAsync(new Kept(stages), TestContext.Current.CancellationToken);

        Assert.All([report.FromNothing, report.FromFormer], times => Assert.True(times.OpenMs.Min > 0 && times.LookupsMs.Min >= 0));
        Assert.Equal(("index", 1.0), stages.FindLast(stage => stage.Stage == "index"));
        Assert.Equal(repetitions, stages.Count(stage => stage.Stage == "open"));
    }

    private sealed class Kept(List<(string Stage, double Done)> stages) : IProgress<(string Stage, double Done)>
    {
        public void Report((string Stage, double Done) value) => stages.Add(value);
    }
}
