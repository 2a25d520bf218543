namespace Retrieval.Server.Tests.Hosting;

/// <summary>The system's time; whoever asks for a time stamp is told on first.</summary>
internal sealed class WatchedTime : TimeProvider
{
    /// <summary>Called before a time stamp is given; may wait, or throw.</summary>
    public Action? OnStamp { get; set; }

    public override long GetTimestamp()
    {
        OnStamp?.Invoke();
        return base.GetTimestamp();
    }
}
