using Retrieval.Domain.Errors;

namespace Retrieval.Server.Background;

/// <summary>The most recent fault: if the same one repeats every second, it is logged once.</summary>
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

    /// <summary>Forgets it, when what failed has succeeded.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Clear()
    {
        var was = _last is not null;
        _last = null;
        return was;
    }
}
