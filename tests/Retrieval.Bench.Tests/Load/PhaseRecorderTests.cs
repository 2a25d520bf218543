using Retrieval.Bench.Load;

namespace Retrieval.Bench.Tests.Load;

public sealed class PhaseRecorderTests
{
    private static readonly Exchange Answer = new(ExchangeKind.Answered, 200);

    [Fact]
    public void A_request_belongs_to_the_phase_it_was_due_in_and_a_rate_to_the_time_it_was_answered_in()
    {
        var recorder = new PhaseRecorder();
        recorder.EndAt(10);
        recorder.Record(Answer, -1, -1, -0.5);
        recorder.Record(Answer, -1, -1, 0.5);
        recorder.Record(Answer, 1, 1, 2);
        recorder.Record(new Exchange(ExchangeKind.Late, 504), 3, 3, 4);
        recorder.Record(Answer, 9, 9, 12);

        var counts = recorder.Read();
        Assert.Equal((10, 3, 2, 1), (counts.Seconds, counts.Requests, counts.Answered, counts.Late));
        Assert.Equal((0.2, 0.3), (counts.GoodPerSecond, counts.DonePerSecond));
        Assert.Equal((2, 3000), (counts.AnsweredMs!.Count, counts.AnsweredMs.Max));
    }

    [Fact]
    public void Latency_counts_from_when_a_request_was_due_and_a_deadline_from_when_it_was_sent()
    {
        var recorder = new PhaseRecorder(deadlineMs: 100);
        recorder.Record(Answer, 1.000, 1.050, 1.180);
        recorder.Record(new Exchange(ExchangeKind.Shed, 429), 1, 1, 5);

        var counts = recorder.Read();
        Assert.Equal(180, counts.AnsweredMs!.Max, 1e-6);
        Assert.Equal(50, counts.SentLateMs!.Max, 1e-6);
        Assert.Equal((1, 30), (counts.OverrunMs!.Count, Math.Round(counts.OverrunMs.Max, 6)));
    }

    [Fact]
    public void A_server_that_gives_ever_new_names_takes_no_more_memory()
    {
        var recorder = new PhaseRecorder();
        for (var i = 0; i < 1000; i++)
        {
            recorder.Record(new Exchange(ExchangeKind.Answered, 200, Degraded: $"reason {i}", Stages: [new($"stage {i}", 1)]), 0, 0, 1);
        }

        var counts = recorder.Read();
        Assert.Equal((1000, 1000), (counts.Degraded.Values.Sum(), counts.StagesMs.Values.Sum(stage => stage.Count)));
        Assert.InRange(counts.Degraded.Count, 2, 100);
        Assert.InRange(counts.StagesMs.Count, 2, 100);
    }

    [Fact]
    public void Recovery_is_the_first_second_with_answers_alone_and_as_fast_as_before()
    {
        var calm = new PhaseRecorder();
        Fill(calm, 0, Answer, 0.1);
        var over = new PhaseRecorder();
        over.EndAt(10);
        Fill(over, 1, Answer, 0.4);
        Fill(over, 1, new Exchange(ExchangeKind.Shed, 429, RetryAfter: TimeSpan.FromSeconds(1)), 0.01);
        over.NotSent(2);
        var after = new PhaseRecorder(timeline: 8);
        Fill(after, 0, Answer, 0.1);
        Fill(after, 0, new Exchange(ExchangeKind.Shed, 429), 0.01);
        Fill(after, 1, Answer, 0.2);
        Fill(after, 3, new Exchange(ExchangeKind.Failed, Fault: "connect"), 0.1);
        Fill(after, 4, Answer, 0.14);
        Fill(after, 5, Answer, 0.1);

        var report = OverloadReport.Of(20, calm.Read(), over.Read(), after.Read(), after.Timeline);

        // 0 shed, 1 was slow, 2 had nobody, 3 failed.
        Assert.Equal(5, report.RecoveredAfterSeconds);
        Assert.Equal((0.5, 0.5, 1), (report.GoodputShare, report.ShedShare, report.NotSent));
        Assert.Equal(4, report.P99Ratio!.Value, 0.1);
        Assert.False(report.EveryShedHadRetryAfter);
        Assert.Equal([new("connect", 100)], report.Failures);
        Assert.Empty(report.OtherStatuses);
        Assert.Null(OverloadReport.Of(20, calm.Read(), over.Read(), after.Read(), [.. after.Timeline.Take(4)]).RecoveredAfterSeconds);
    }

    private static void Fill(PhaseRecorder recorder, int second, Exchange exchange, double seconds)
    {
        for (var i = 0; i < 100; i++)
        {
            recorder.Record(exchange, second + 0.5, second + 0.5, second + 0.5 + seconds);
        }
    }
}
