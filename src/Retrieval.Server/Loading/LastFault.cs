using Retrieval.Domain.Errors;

namespace Retrieval.Server.Loading;

/// <summary>The fault met last: the same one every second is one line in the log, not a flood.</summary>
internal sealed class LastFault
{
    private string? _last;

    public bool IsNews(Exception exception) => IsNews(exception is RetrievalException ? exception.Message : exception.ToString());

    public bool IsNews(string fault)
    {
        var news = fault != _last;
        _last = fault;
        return news;
    }

    public void Clear() => _last = null;
}
