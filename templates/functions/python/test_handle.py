import unittest

from handle import handle


class HandleTest(unittest.TestCase):
    def test_greets_by_name(self):
        self.assertEqual(handle({"name": "Åse"}), {"name": "Åse", "message": "Goddag, Åse."})

    def test_greets_each_of_many(self):
        self.assertEqual([each["name"] for each in handle({"names": ["Åse", "Bo"]})], ["Åse", "Bo"])

    def test_refuses_a_record_without_a_name(self):
        self.assertEqual(handle({}), {"error": "The record has no name."})


if __name__ == "__main__":
    unittest.main()
