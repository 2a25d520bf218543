using System.Text.Json.Nodes;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Catalogs;

/// <summary>Callers who ask without end while something is done to the database, and what they were answered.</summary>
internal sealed class Traffic : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<Answer> _answers = [];
    private readonly Task[] _callers;

    public Traffic(HttpClient client, int callers = 3)
    {
        _callers = [.. Enumerable.Range(0, callers).Select(caller => Task.Run(() => AskAsync(client, caller)))];
    }

    /// <summary>Answers so far.</summary>
    public IReadOnlyList<Answer> Answers
    {
        get
        {
            lock (_gate)
            {
                return [.. _answers];
            }
        }
    }

    /// <summary>Waits for so many answers more that are as asked for.</summary>
    public Task MoreAsync(int count, Func<Answer, bool> such, string what)
    {
        var from = Answers.Count;
        return Eventually.TrueAsync(() => Answers.Skip(from).Count(such) >= count, what);
    }

    public Task MoreAsync(int count) => MoreAsync(count, _ => true, "more answers come");

    /// <summary>Ends, and checks that every request was answered with 200.</summary>
    public async Task<IReadOnlyList<Answer>> EndAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_callers);
        Assert.NotEmpty(Answers);
        Assert.All(Answers, answer => Assert.True(answer.Status == 200, answer.Body.ToJsonString()));
        return Answers;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_callers);
        _stop.Dispose();
    }

    private async Task AskAsync(HttpClient client, int caller)
    {
        for (var i = 0; !_stop.IsCancellationRequested; i++)
        {
            var (path, body) = (caller + i) % 2 == 0
                ? ("/v1/search/images", """{ "caption": "w4 w5", "shortlist": 20 }""")
                : ("/v1/search/captions", """{ "imageId": "plain.jpg", "shortlist": 20 }""");
            var (response, json) = await client.PostAsync(path, body);
            using (response)
            {
                lock (_gate)
                {
                    _answers.Add(new Answer((int)response.StatusCode, json));
                }
            }
        }
    }

    public sealed record Answer(int Status, JsonObject Body)
    {
        public string? Degraded => (string?)Body["degraded"];

        public long Epoch => (long?)Body["indexEpoch"] ?? 0;

        public string? Model => (string?)Body["model"];
    }
}
