using Retrieval.Storage.Errors;

namespace Retrieval.Storage.Local.Files;

/// <summary>
/// The lock of the only writer: an open file that nobody else can open. The operating system releases it when the process ends,
/// for any reason.
/// </summary>
internal sealed class WriterLock : IDisposable
{
    private const int WouldBlock = 11;
    private const int WouldBlockMac = 35;
    private const int SharingViolation = unchecked((int)0x80070020);

    private readonly FileStream _file;

    private WriterLock(FileStream file) => _file = file;

    public static WriterLock Take(string folder)
    {
        try
        {
            return new WriterLock(new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e.HResult is WouldBlock or WouldBlockMac or SharingViolation)
        {
            throw new IndexLockedException(folder, e);
        }
    }

    public void Dispose() => _file.Dispose();
}
